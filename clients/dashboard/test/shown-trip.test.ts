import assert from "node:assert/strict";
import { test } from "node:test";
import { create, durationFromMs, timestampFromMs, type MessageInitShape } from "@ride-tracking/client";
import { GetFleetDriverResponseSchema } from "@ride-tracking/client/v1/fleet";
import { RouteProgressSchema, RouteSource, TripState, WaypointKind, WaypointState } from "@ride-tracking/client/v1/trip";
import { metersBetween } from "../src/route-line.ts";
import { shownTrip } from "../src/shown-trip.ts";

const noon = Date.UTC(2026, 0, 1, 12);
const example = "_p~iF~ps|U_ulLnnqC_mqNvxq`@";
const at = (waypointId: string, kind: WaypointKind, state: WaypointState, minutes?: number) => ({
  waypointId,
  kind,
  state,
  location: { latitude: 40.7, longitude: -120.95 },
  ...(minutes === undefined ? {} : { estimatedArrival: timestampFromMs(noon + minutes * 60_000) }),
});

const onTheWay: MessageInitShape<typeof RouteProgressSchema> = {
  routeVersion: 4n,
  drivenMeters: 100_000,
  isOffRoute: true,
  ahead: [{ waypointId: "s2", distanceMeters: 1_200, estimatedArrival: timestampFromMs(noon + 4 * 60_000) }],
};

/** On the way to a stop, with the rider; the server's clock says noon. */
function driver(progress: MessageInitShape<typeof RouteProgressSchema> = onTheWay) {
  return create(GetFleetDriverResponseSchema, {
    driverId: "d",
    fixedAt: timestampFromMs(noon - 3_000),
    age: durationFromMs(3_000),
    trip: {
      tripId: "t",
      state: TripState.IN_PROGRESS,
      route: { version: 4n, encodedPolyline: example, source: RouteSource.ROADS },
      waypoints: [
        at("p", WaypointKind.PICKUP, WaypointState.DONE),
        at("s1", WaypointKind.STOP, WaypointState.ARRIVED),
        at("s2", WaypointKind.STOP, WaypointState.PENDING, 9),
        at("d", WaypointKind.DROPOFF, WaypointState.PENDING, 11),
      ],
    },
    progress,
  });
}

test("a trip is shown with what is driven, what is ahead and when the car gets there by the server's clock", () => {
  const trip = shownTrip(driver(), 50_000)!;
  assert.deepEqual([trip.tripId, trip.source, trip.isOffRoute], ["t", RouteSource.ROADS, true]);
  assert.ok(Math.abs(metersBetween(trip.behind[0] as [number, number], trip.behind.at(-1) as [number, number]) - 100_000) < 2_000);
  assert.deepEqual(trip.ahead.at(-1), [-126.453, 43.252]);
  assert.deepEqual(trip.waypoints.map((waypoint) => `${waypoint.mark} ${waypoint.title}`), ["P Pick-up", "1 Stop 1", "2 Stop 2", "D Drop-off"]);
  assert.deepEqual(trip.waypoints.map((waypoint) => waypoint.metersAhead), [undefined, undefined, 1_200, undefined]);
  // The newest estimate where there is one, else that of the trip; none for what is reached.
  assert.deepEqual(trip.waypoints.map((waypoint) => waypoint.arrivesAt), [undefined, undefined, 50_000 + 240_000, 50_000 + 660_000]);
});

test("progress on another route says nothing about this one", () => {
  const trip = shownTrip(driver({ routeVersion: 3n, drivenMeters: 100_000, isOffRoute: true }), 0)!;
  assert.deepEqual([trip.behind.length, trip.ahead.length, trip.isOffRoute], [0, 3, false]);
});

test("without a trip nothing is shown, without a route only its places", () => {
  assert.equal(shownTrip(create(GetFleetDriverResponseSchema, { driverId: "d" }), 0), undefined);
  const trip = shownTrip(create(GetFleetDriverResponseSchema, { trip: { waypoints: [at("p", WaypointKind.PICKUP, WaypointState.PENDING, 5)] } }), 0)!;
  assert.deepEqual([trip.behind, trip.ahead, trip.waypoints[0]?.arrivesAt], [[], [], undefined]);
});
