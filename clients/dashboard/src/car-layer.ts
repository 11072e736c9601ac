import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import { fragmentShader, vertexShader } from "./car-shaders.ts";
import { rgb, stateLooks } from "./car-state.ts";
import type { Cars } from "./cars.ts";
import { createProgram } from "./gl-program.ts";
import { LocalOrigin } from "./local-origin.ts";
import { mercatorX, mercatorY, nearestCopy } from "./mercator.ts";

const floatsPerCar = 10;
/** Name, floats and offset of each attribute of an instance. */
const attributes = [["a_fromTo", 4, 0], ["a_courses", 2, 4], ["a_glide", 2, 6], ["a_look", 2, 8]] as const;
/** Times are told as float32 too, from a start that is moved on once an hour. */
const timeOriginSeconds = 3600;

/** Draws all cars in one call; the GPU glides them, so that between frames nothing is uploaded. */
export class CarLayer implements CustomLayerInterface {
  readonly id = "cars";
  readonly type = "custom";
  readonly renderingMode = "2d";
  /** Cars in the last picture. */
  drawn = 0;
  selectedDriverId: string | undefined;

  private map: MapLibre | undefined;
  private program: WebGLProgram | undefined;
  private vertexArray: WebGLVertexArrayObject | undefined;
  private instanceBuffer: WebGLBuffer | undefined;
  private instances = new Float32Array(floatsPerCar * 1024);
  private gpuCapacity = 0;
  private readonly origin = new LocalOrigin();
  private timeOrigin = 0;
  private readonly uniforms = new Map<string, WebGLUniformLocation | null>();

  constructor(
    private readonly cars: Cars,
    /** The page's clock in seconds. */
    private readonly now: () => number,
  ) {}

  onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.map = map;
    const program = createProgram(gl, vertexShader, fragmentShader);
    this.program = program;
    for (const name of ["u_matrix", "u_pixelsToClip", "u_now", "u_radius", "u_selected", "u_palette"]) {
      this.uniforms.set(name, gl.getUniformLocation(program, name));
    }
    this.vertexArray = gl.createVertexArray();
    this.instanceBuffer = gl.createBuffer();
    this.gpuCapacity = 0;
    gl.bindVertexArray(this.vertexArray);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    const corner = gl.getAttribLocation(program, "a_corner");
    gl.enableVertexAttribArray(corner);
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.instanceBuffer);
    for (const [name, size, offset] of attributes) {
      const location = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, floatsPerCar * 4, offset * 4);
      gl.vertexAttribDivisor(location, 1);
    }
    gl.bindVertexArray(null);
  }

  render(gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
    const { map, program, vertexArray } = this;
    if (map === undefined || program === undefined || vertexArray === undefined) return;
    const now = this.now();
    const center = map.getCenter();
    const centerX = mercatorX(center.lng);
    this.upload(gl, centerX, mercatorY(center.lat), now);

    gl.useProgram(program);
    const canvas = map.getCanvas();
    const matrix = this.origin.fold(defaultProjectionData.mainMatrix, centerX);
    gl.uniformMatrix4fv(this.uniform("u_matrix"), false, matrix);
    gl.uniform2f(this.uniform("u_pixelsToClip"), 2 / canvas.clientWidth, 2 / canvas.clientHeight);
    gl.uniform1f(this.uniform("u_now"), now - this.timeOrigin);
    gl.uniform1f(this.uniform("u_radius"), carRadius(map.getZoom()));
    gl.uniform1i(this.uniform("u_selected"), this.cars.indexOf(this.selectedDriverId ?? ""));
    gl.uniform3fv(this.uniform("u_palette"), stateLooks.flatMap((look) => rgb(look.color)));

    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.bindVertexArray(vertexArray);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.cars.all.length);
    gl.bindVertexArray(null);
    this.drawn = this.cars.all.length;
    if (now < this.cars.stillAfter) map.triggerRepaint();
  }

  private upload(gl: WebGL2RenderingContext, centerX: number, centerY: number, now: number): void {
    const count = this.cars.all.length;
    let changed = this.cars.takeChanged();
    const timeMoves = now - this.timeOrigin > timeOriginSeconds;
    if (timeMoves) this.timeOrigin = now;
    if (this.origin.follow(centerX, centerY) || timeMoves || count > this.gpuCapacity) {
      changed = this.cars.all.map((_, index) => index);
    }
    if (changed.length === 0) return;
    if (this.instances.length < count * floatsPerCar) {
      const grown = new Float32Array(Math.max(count, (2 * this.instances.length) / floatsPerCar) * floatsPerCar);
      grown.set(this.instances);
      this.instances = grown;
    }
    let first = count;
    let last = 0;
    for (const index of changed) {
      this.write(index);
      first = Math.min(first, index);
      last = Math.max(last, index);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.instanceBuffer ?? null);
    if (count > this.gpuCapacity) {
      gl.bufferData(gl.ARRAY_BUFFER, this.instances, gl.DYNAMIC_DRAW);
      this.gpuCapacity = this.instances.length / floatsPerCar;
    } else {
      const start = first * floatsPerCar;
      gl.bufferSubData(gl.ARRAY_BUFFER, start * 4, this.instances, start, (last + 1) * floatsPerCar - start);
    }
  }

  private write(index: number): void {
    const car = this.cars.all[index];
    if (car === undefined) return;
    const at = index * floatsPerCar;
    const { instances, origin } = this;
    const toX = nearestCopy(car.toX, origin.x);
    instances[at] = nearestCopy(car.fromX, toX) - origin.x;
    instances[at + 1] = car.fromY - origin.y;
    instances[at + 2] = toX - origin.x;
    instances[at + 3] = car.toY - origin.y;
    instances[at + 4] = car.fromCourse;
    instances[at + 5] = car.toCourse;
    instances[at + 6] = car.glideStart - this.timeOrigin;
    instances[at + 7] = car.glideDuration;
    instances[at + 8] = car.state;
    instances[at + 9] = (car.hasCourse ? 1 : 0) | (car.isLost ? 2 : 0);
  }

  private uniform(name: string): WebGLUniformLocation | null {
    return this.uniforms.get(name) ?? null;
  }
}

/** Half the length of a car on the screen, in CSS pixels: small over a country, plain to see in a street. */
export function carRadius(zoom: number): number {
  return Math.max(3.5, Math.min(13, 3.5 + (zoom - 8) * 1.35));
}
