/** Instances of some floats each, kept on both sides; only the range that changed goes to the GPU. */
export class InstanceBuffer {
  private data: Float32Array;
  private onGpu = 0;
  private buffer: WebGLBuffer | undefined;

  constructor(private readonly floatsPerInstance: number) {
    this.data = new Float32Array(floatsPerInstance * 1024);
  }

  /** Makes the buffer and points the attributes of the bound vertex array at it: each a name and its floats, in order. */
  attach(gl: WebGL2RenderingContext, program: WebGLProgram, attributes: readonly (readonly [string, number])[]): void {
    this.buffer = gl.createBuffer();
    this.onGpu = 0;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    let offset = 0;
    for (const [name, size] of attributes) {
      const location = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, this.floatsPerInstance * 4, offset * 4);
      gl.vertexAttribDivisor(location, 1);
      offset += size;
    }
  }

  /** Writes the instances named, of `count` in all, and uploads them. */
  update(gl: WebGL2RenderingContext, count: number, indices: readonly number[], write: (index: number, data: Float32Array, at: number) => void): void {
    if (indices.length === 0) return;
    const size = this.floatsPerInstance;
    if (this.data.length < count * size) {
      const grown = new Float32Array(Math.max(count, (2 * this.data.length) / size) * size);
      grown.set(this.data);
      this.data = grown;
    }
    let first = count;
    let last = 0;
    for (const index of indices) {
      write(index, this.data, index * size);
      first = Math.min(first, index);
      last = Math.max(last, index);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer ?? null);
    if (this.data.length > this.onGpu) {
      gl.bufferData(gl.ARRAY_BUFFER, this.data, gl.DYNAMIC_DRAW);
      this.onGpu = this.data.length;
    } else {
      gl.bufferSubData(gl.ARRAY_BUFFER, first * size * 4, this.data, first * size, (last + 1 - first) * size);
    }
  }
}
