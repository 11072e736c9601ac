// Example of a rider's app: asks for a ride and follows it until it is over.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Backoff, openClient, parseArguments, parsePlace, retryAfterSeconds, seconds, services, status, statusOf, TokenSource } from "./common.mjs";

const final = ["TRIP_STATE_COMPLETED", "TRIP_STATE_CANCELLED", "TRIP_STATE_UNFULFILLED"];

const args = parseArguments({
  pickup: { type: "string", default: "41.1500,-8.6100" }, // latitude,longitude
  dropoff: { type: "string", default: "41.1600,-8.6100" }, // latitude,longitude
  "pickup-code": { type: "boolean", default: false }, // the ride begins only when the driver knows a code
});
const tokens = new TokenSource(args["token-file"]);
const client = openClient(services.RiderService, args);
const backoff = new Backoff();
let positionCount = 0;
let shownVersion;

async function requestTrip() {
  const call = promisify(client.requestTrip.bind(client));
  // The id is made once: a call whose answer was lost is repeated with it and gives the same trip.
  const request = {
    requestId: randomUUID(),
    riderId: args.id,
    partySize: 1,
    waypoints: [
      { kind: "WAYPOINT_KIND_PICKUP", location: parsePlace(args.pickup) },
      { kind: "WAYPOINT_KIND_DROPOFF", location: parsePlace(args.dropoff) },
    ],
    terms: { pickupCodeRequired: args["pickup-code"] },
  };
  while (true) {
    try {
      const { trip } = await call(request, tokens.metadata(), { deadline: Date.now() + 10_000 });
      backoff.reset();
      return trip;
    } catch (error) {
      await waitAfter(error);
    }
  }
}

/** Follows the trip across lost streams. A stream may also end in good order before the trip, when a server stops. */
async function watchTrip(tripId) {
  while (true) {
    let state;
    let lost;
    try {
      for await (const { trip, position } of client.watchTrip({ tripId }, tokens.metadata())) {
        backoff.reset();
        if (trip) showTrip(trip, (state = trip.state));
        if (position) showPosition(position);
      }
    } catch (error) {
      lost = error;
    }
    if (final.includes(state)) return;
    await waitAfter(lost);
  }
}

function showTrip({ tripId, version, driver }, state) {
  if (version === shownVersion) return;
  shownVersion = version;
  const who = driver ? `: ${driver.displayName}, ${driver.vehicleDescription} ${driver.licensePlate}` : "";
  console.log(`trip ${tripId} ${state.replace("TRIP_STATE_", "")}${who}`);
}

function showPosition({ location, age }) {
  positionCount++;
  console.log(`position ${location.latitude.toFixed(5)},${location.longitude.toFixed(5)} age ${seconds(age).toFixed(1)} s`);
}

async function waitAfter(error) {
  if (error && status[error.code] === undefined) throw error; // no status of a call: a mistake in here
  if (error && !tokens.mayTryAgain(error)) {
    console.log(`refused: ${status[error.code]} ${error.details}`);
    process.exit(1);
  }
  const wait = backoff.next(retryAfterSeconds(statusOf(error)));
  console.log(`lost: ${error ? `${status[error.code]} ${error.details}` : "the server ended the stream"}; again in ${wait.toFixed(2)} s`);
  await delay(wait * 1000);
}

const trip = await requestTrip();
console.log(`requested trip ${trip.tripId}`);
if (trip.pickupCode) console.log(`pickup code ${trip.pickupCode}`);
await watchTrip(trip.tripId);
console.log(`positions ${positionCount}`);
client.close();
