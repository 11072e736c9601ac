import type { Map as MapLibre } from "maplibre-gl";
import { LocalOrigin } from "./local-origin.ts";
import { mercatorX, mercatorY } from "./mercator.ts";

/** Times are told as float32 too, from a start that is moved on once an hour. */
const longestSeconds = 3600;

/** A place and a time near which float32 is precise enough; all that is told from them is written anew when they move. */
export class LocalFrame {
  readonly origin = new LocalOrigin();
  time = 0;
  private centerX = 0;

  /** True when the frame moved. */
  follow(map: MapLibre, now: number): boolean {
    const center = map.getCenter();
    this.centerX = mercatorX(center.lng);
    const timeMoves = now - this.time > longestSeconds;
    if (timeMoves) this.time = now;
    return this.origin.follow(this.centerX, mercatorY(center.lat)) || timeMoves;
  }

  /** The map's matrix for places told from the origin. */
  matrix(mainMatrix: ArrayLike<number>): Float32Array {
    return this.origin.fold(mainMatrix, this.centerX);
  }
}
