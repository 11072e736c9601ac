import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import { RequestTripRequestSchema, type RiderService } from "./gen/ridetracking/v1/rider_pb.js";
import type { Trip } from "./gen/ridetracking/v1/trip_pb.js";
import { newRequestId } from "./request-id.js";
import type { RetryOptions } from "./retries.js";
import { retryCall } from "./retry-call.js";
import { watchView, type FollowOptions, type TripEnd } from "./watch-view.js";

const timeoutMs = 10_000;

/** What to ask for. An app that may be closed meanwhile makes the request id itself and keeps it. */
export type TripRequest = MessageInitShape<typeof RequestTripRequestSchema>;

/**
 * Asks for a ride, until there is an answer. `requestId` is filled in when it is empty and the same in each try, so that at
 * most one trip comes of it.
 * @throws ConnectError when it is refused, or the signal has ended it: a trip may have been made nevertheless, and the same
 * request id gives it
 */
export async function requestTrip(client: Client<typeof RiderService>, request: TripRequest, options: RetryOptions = {}): Promise<Trip> {
  const message = create(RequestTripRequestSchema, request);
  message.requestId ||= newRequestId();
  const { trip } = await retryCall((signal) => client.requestTrip(message, { signal, timeoutMs }), options);
  if (trip === undefined) throw new ConnectError("the server told of no trip", Code.DataLoss);
  return trip;
}

/**
 * Follows a trip and its car until the trip is over.
 * @param trip the trip's id, or what to ask for first
 * @returns why it ended
 * @throws what a callback throws; the stream is ended then
 */
export async function followTrip(client: Client<typeof RiderService>, trip: string | TripRequest, options: FollowOptions<Trip>): Promise<TripEnd<Trip>> {
  let tripId: string;
  try {
    tripId = typeof trip === "string" ? trip : (await requestTrip(client, trip, options)).tripId;
  } catch (caught) {
    return options.signal?.aborted ? { kind: "aborted" } : { kind: "refused", error: ConnectError.from(caught) };
  }
  return watchView((signal) => client.watchTrip({ tripId }, { signal }), ({ driver }) => driver?.driverId ?? "", options);
}
