import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import { fragmentShader, vertexShader } from "./car-shaders.ts";
import { rgb, stateLooks } from "./car-state.ts";
import type { Cars } from "./cars.ts";
import { createProgram } from "./gl-program.ts";
import { InstanceBuffer } from "./instance-buffer.ts";
import { LocalFrame } from "./local-frame.ts";
import { nearestCopy } from "./mercator.ts";

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
  private readonly buffer = new InstanceBuffer(10);
  private readonly frame = new LocalFrame();
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
    gl.bindVertexArray(this.vertexArray);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    const corner = gl.getAttribLocation(program, "a_corner");
    gl.enableVertexAttribArray(corner);
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
    this.buffer.attach(gl, program, [["a_fromTo", 4], ["a_courses", 2], ["a_glide", 2], ["a_look", 2]]);
    gl.bindVertexArray(null);
  }

  render(gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
    const { map, program, vertexArray, cars, frame } = this;
    if (map === undefined || program === undefined || vertexArray === undefined) return;
    const now = this.now();
    const hasMoved = frame.follow(map, now);
    const changed = cars.takeChanged();
    const indices = hasMoved ? cars.all.map((_, index) => index) : changed;
    this.buffer.update(gl, cars.all.length, indices, (index, data, at) => this.write(index, data, at));

    gl.useProgram(program);
    const canvas = map.getCanvas();
    gl.uniformMatrix4fv(this.uniform("u_matrix"), false, frame.matrix(defaultProjectionData.mainMatrix));
    gl.uniform2f(this.uniform("u_pixelsToClip"), 2 / canvas.clientWidth, 2 / canvas.clientHeight);
    gl.uniform1f(this.uniform("u_now"), now - frame.time);
    gl.uniform1f(this.uniform("u_radius"), carRadius(map.getZoom()));
    gl.uniform1i(this.uniform("u_selected"), cars.indexOf(this.selectedDriverId ?? ""));
    gl.uniform3fv(this.uniform("u_palette"), stateLooks.flatMap((look) => rgb(look.color)));

    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.bindVertexArray(vertexArray);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, cars.all.length);
    gl.bindVertexArray(null);
    this.drawn = cars.all.length;
    if (now < cars.stillAfter) map.triggerRepaint();
  }

  private write(index: number, data: Float32Array, at: number): void {
    const car = this.cars.all[index];
    if (car === undefined) return;
    const { origin, time } = this.frame;
    const toX = nearestCopy(car.toX, origin.x);
    data[at] = nearestCopy(car.fromX, toX) - origin.x;
    data[at + 1] = car.fromY - origin.y;
    data[at + 2] = toX - origin.x;
    data[at + 3] = car.toY - origin.y;
    data[at + 4] = car.fromCourse;
    data[at + 5] = car.toCourse;
    data[at + 6] = car.glideStart - time;
    data[at + 7] = car.glideDuration;
    data[at + 8] = car.state;
    data[at + 9] = (car.hasCourse ? 1 : 0) | (car.isLost ? 2 : 0);
  }

  private uniform(name: string): WebGLUniformLocation | null {
    return this.uniforms.get(name) ?? null;
  }
}

/** Half the length of a car on the screen, in CSS pixels: small over a country, plain to see in a street. */
export function carRadius(zoom: number): number {
  return Math.max(3.5, Math.min(13, 3.5 + (zoom - 8) * 1.35));
}
