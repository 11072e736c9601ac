import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { collect } from "../src/fleet-stream.ts";
import { WatchFleetResponseSchema, type FleetDriver } from "../src/gen/ridetracking/v1/fleet_pb.ts";

test("a snapshot in parts keeps the newest of each driver, and not those that left meanwhile", () => {
  const snapshot = new Map<number, FleetDriver>();
  collect(snapshot, create(WatchFleetResponseSchema, { snapshot: true, drivers: [{ slot: 1, driverId: "a", latitudeE7: 1 }, { slot: 2, driverId: "b" }] }));
  collect(snapshot, create(WatchFleetResponseSchema, { snapshot: true, drivers: [{ slot: 1, latitudeE7: 5 }, { slot: 3, driverId: "c" }], leftSlots: [2] }));
  assert.deepEqual([...snapshot.values()].map((driver) => [driver.driverId, driver.latitudeE7]), [["a", 5], ["c", 0]]);
});
