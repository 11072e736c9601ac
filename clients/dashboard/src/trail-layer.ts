import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import { createProgram } from "./gl-program.ts";
import { InstanceBuffer } from "./instance-buffer.ts";
import { LocalFrame } from "./local-frame.ts";
import { nearestCopy } from "./mercator.ts";
import type { Trails } from "./trails.ts";

/** A stretch fades away within this time. */
const lifetimeSeconds = 600;

const vertexShader = `#version 300 es
uniform mat4 u_matrix;
uniform float u_now;
uniform float u_lifetime;
in vec4 a_fromTo;
in vec2 a_glide;
out float v_strength;
void main() {
  // The line grows with the car that glides along it.
  float amount = a_glide.y <= 0.0 ? 1.0 : clamp((u_now - a_glide.x) / a_glide.y, 0.0, 1.0);
  vec2 place = gl_VertexID == 0 ? a_fromTo.xy : mix(a_fromTo.xy, a_fromTo.zw, amount);
  v_strength = clamp(1.0 - (u_now - a_glide.x) / u_lifetime, 0.0, 1.0);
  gl_Position = u_matrix * vec4(place, 0.0, 1.0);
}`;

const fragmentShader = `#version 300 es
precision mediump float;
in float v_strength;
out vec4 color;
void main() {
  color = vec4(0.33, 0.47, 0.62, 1.0) * v_strength * 0.55;
}`;

/** Where cars have lately driven: without a street map, this draws the streets. Lines that overlap are brighter. */
export class TrailLayer implements CustomLayerInterface {
  readonly id = "trails";
  readonly type = "custom";
  readonly renderingMode = "2d";

  private map: MapLibre | undefined;
  private program: WebGLProgram | undefined;
  private vertexArray: WebGLVertexArrayObject | undefined;
  private readonly buffer = new InstanceBuffer(6);
  private readonly frame = new LocalFrame();

  constructor(
    private readonly trails: Trails,
    private readonly now: () => number,
  ) {}

  onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.map = map;
    this.program = createProgram(gl, vertexShader, fragmentShader);
    this.vertexArray = gl.createVertexArray();
    gl.bindVertexArray(this.vertexArray);
    this.buffer.attach(gl, this.program, [["a_fromTo", 4], ["a_glide", 2]]);
    gl.bindVertexArray(null);
  }

  render(gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
    const { map, program, vertexArray, trails, frame } = this;
    if (map === undefined || program === undefined || vertexArray === undefined) return;
    const now = this.now();
    const hasMoved = frame.follow(map, now);
    const fresh = trails.takeFresh();
    const indices = hasMoved ? Array.from({ length: trails.length }, (_, index) => index) : fresh;
    this.buffer.update(gl, trails.length, indices, (index, data, at) => this.write(index, data, at));

    gl.useProgram(program);
    gl.uniformMatrix4fv(gl.getUniformLocation(program, "u_matrix"), false, frame.matrix(defaultProjectionData.mainMatrix));
    gl.uniform1f(gl.getUniformLocation(program, "u_now"), now - frame.time);
    gl.uniform1f(gl.getUniformLocation(program, "u_lifetime"), lifetimeSeconds);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.bindVertexArray(vertexArray);
    gl.drawArraysInstanced(gl.LINES, 0, 2, trails.length);
    gl.bindVertexArray(null);
  }

  private write(index: number, data: Float32Array, at: number): void {
    const stretch = this.trails.at(index);
    if (stretch === undefined) return;
    const { origin, time } = this.frame;
    const toX = nearestCopy(stretch.toX, origin.x);
    data[at] = nearestCopy(stretch.fromX, toX) - origin.x;
    data[at + 1] = stretch.fromY - origin.y;
    data[at + 2] = toX - origin.x;
    data[at + 3] = stretch.toY - origin.y;
    data[at + 4] = stretch.start - time;
    data[at + 5] = stretch.duration;
  }
}
