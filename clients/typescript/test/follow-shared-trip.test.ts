import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { followSharedTrip } from "../src/follow-shared-trip.js";
import { ErrorInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { RiderService, type SharedTrip } from "../src/gen/ridetracking/v1/rider_pb.js";
import { TripState } from "../src/gen/ridetracking/v1/trip_pb.js";
import { reasonOf } from "../src/refusal.js";
import type { TripView } from "../src/trip-view.js";

test("a shared trip is followed by its link alone, until it is over", async () => {
  const asked: [string, string | null][] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(RiderService.method.watchSharedTrip, async function* ({ token }, context) {
      asked.push([token, context.requestHeader.get("authorization")]);
      const car = { driverFirstName: "Rui", vehicleDescription: "white Leaf", licensePlate: "AA-01" };
      yield { trip: { state: TripState.ASSIGNED, ...car, route: { version: 2n, encodedPolyline: "abc" } } };
      yield { position: { age: { seconds: 1n } }, progress: { routeVersion: 2n, drivenMeters: 5 } };
      yield { trip: { state: TripState.IN_PROGRESS, ...car, route: { version: 2n } } };
      yield { trip: { state: TripState.COMPLETED, ...car } };
    });
  });
  const views: TripView<SharedTrip>[] = [];
  const end = await followSharedTrip(createClient(RiderService, transport), "link", { onView: (view) => void views.push(view) });
  assert.deepEqual(asked, [["link", null]]);
  assert.ok(end.kind === "over" && end.trip.state === TripState.COMPLETED);
  assert.equal(views[2]!.trip.route?.encodedPolyline, "abc");
  assert.ok(views[2]!.vehicle!.ageMs() >= 1_000);
  assert.equal(views[2]!.progress?.drivenMeters, 5);
  assert.equal(views[3]!.vehicle, undefined, "nobody sees the car afterwards");
});

test("a link that has ended is refused with its reason", async () => {
  const transport = createRouterTransport(({ rpc }) => {
    rpc(RiderService.method.watchSharedTrip, async function* () {
      yield { trip: { state: TripState.SEARCHING } };
      throw new ConnectError("no such link", Code.NotFound, undefined, [{ desc: ErrorInfoSchema, value: { reason: "SHARE_LINK_NOT_FOUND" } }]);
    });
  });
  const end = await followSharedTrip(createClient(RiderService, transport), "link", { onView() {} });
  assert.ok(end.kind === "refused");
  assert.equal(reasonOf(end.error), "SHARE_LINK_NOT_FOUND");
});
