import { durationMs } from "@bufbuild/protobuf/wkt";
import type { VehiclePosition } from "./gen/ridetracking/v1/rider_pb.js";

/** Where a car was seen, and how long ago that is by now. */
export class SeenVehicle {
  /** When the fix was taken, in milliseconds of `performance.now()`: neither clock needs to be right. */
  readonly fixedAt: number;

  /** @param receivedAt in milliseconds of `performance.now()` */
  constructor(
    readonly position: VehiclePosition,
    receivedAt: number,
  ) {
    this.fixedAt = receivedAt - (position.age === undefined ? 0 : durationMs(position.age));
  }

  /** Age of the fix in milliseconds. It grows while nothing comes: show it, so that an old place is not taken for the present. */
  ageMs(now: number = performance.now()): number {
    return Math.max(0, now - this.fixedAt);
  }
}
