import type { Client } from "@connectrpc/connect";
import type { RiderService, SharedTrip } from "./gen/ridetracking/v1/rider_pb.js";
import { TripState } from "./gen/ridetracking/v1/trip_pb.js";
import { watchView, type FollowOptions, type TripEnd } from "./watch-view.js";

/**
 * Follows a trip that somebody shared, until it is over. Needs no account: a client over a transport without tokens will do.
 * @param linkToken what the link carries
 * @returns why it ended; refused with the reason `SHARE_LINK_NOT_FOUND` when there is no such link, it was revoked, or its
 * trip was over before this was told
 * @throws what a callback throws; the stream is ended then
 */
export function followSharedTrip(client: Client<typeof RiderService>, linkToken: string, options: FollowOptions<SharedTrip>): Promise<TripEnd<SharedTrip>> {
  return watchView((signal) => client.watchSharedTrip({ token: linkToken }, { signal }), carOf, options);
}

/** Others are not told who drives: the state says whether somebody does, and the car's looks whether it is another. */
function carOf({ state, driverFirstName, vehicleDescription, licensePlate }: SharedTrip): string {
  switch (state) {
    case TripState.UNSPECIFIED:
    case TripState.SCHEDULED:
    case TripState.SEARCHING:
      return "";
    default:
      return ["car", driverFirstName, vehicleDescription, licensePlate].join("\n");
  }
}
