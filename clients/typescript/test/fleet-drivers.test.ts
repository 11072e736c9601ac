import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FleetDrivers, type FleetChange } from "../src/fleet-drivers.js";
import { WatchFleetResponseSchema } from "../src/gen/ridetracking/v1/fleet_pb.js";

const frame = (init: MessageInitShape<typeof WatchFleetResponseSchema>) => create(WatchFleetResponseSchema, init);
const told = (change: FleetChange | undefined) => change && { drivers: change.drivers.map((driver) => [driver.driverId, driver.latitudeE7]), left: change.left };

/** Drivers a and b in slots 1 and 2. */
function two(most = 10): FleetDrivers {
  const drivers = new FleetDrivers(most);
  drivers.apply(frame({ snapshot: true, snapshotComplete: true, drivers: [{ slot: 1, driverId: "a" }, { slot: 2, driverId: "b" }] }));
  return drivers;
}

test("a snapshot in parts keeps the newest of each driver, and not those that left meanwhile", () => {
  const drivers = new FleetDrivers(10);
  assert.equal(drivers.apply(frame({ snapshot: true, drivers: [{ slot: 1, driverId: "a", latitudeE7: 1 }, { slot: 2, driverId: "b" }] })), undefined);
  const change = drivers.apply(frame({ snapshot: true, snapshotComplete: true, drivers: [{ slot: 1, latitudeE7: 5 }, { slot: 3, driverId: "c" }], leftSlots: [2] }));
  assert.deepEqual(told(change), { drivers: [["a", 5], ["c", 0]], left: [] });
  assert.equal(change!.isWhole, true);
});

test("an empty viewport's snapshot is whole, too", () => {
  assert.deepEqual(told(new FleetDrivers(10).apply(frame({ snapshot: true, snapshotComplete: true }))), { drivers: [], left: [] });
});

test("deltas name drivers that were named by their slots", () => {
  const drivers = two();
  const change = drivers.apply(frame({ drivers: [{ slot: 2, latitudeE7: 7 }, { slot: 4, driverId: "d" }], leftSlots: [1, 9] }));
  assert.deepEqual(told(change), { drivers: [["b", 7], ["d", 0]], left: ["a"] });
  assert.equal(change!.isWhole, false);
  assert.deepEqual([drivers.size, drivers.get("b")?.latitudeE7, drivers.get("a")], [2, 7, undefined]);
  assert.deepEqual([...drivers].map((driver) => driver.driverId), ["b", "d"]);
});

test("a slot that left goes to another driver, also within one frame", () => {
  const drivers = two();
  assert.deepEqual(told(drivers.apply(frame({ leftSlots: [1], drivers: [{ slot: 1, driverId: "c" }] }))), { drivers: [["c", 0]], left: ["a"] });
  assert.deepEqual(told(drivers.apply(frame({ leftSlots: [1], drivers: [{ slot: 1, driverId: "c" }] }))), { drivers: [["c", 0]], left: [] });
  assert.deepEqual(told(drivers.apply(frame({ drivers: [{ slot: 1, driverId: "e" }] }))), { drivers: [["e", 0]], left: ["c"] });
});

test("a driver who comes again under another slot is there once, and the old slot's leaving is not theirs", () => {
  const drivers = two();
  drivers.apply(frame({ drivers: [{ slot: 5, driverId: "a", latitudeE7: 3 }] }));
  assert.equal(drivers.size, 2);
  assert.deepEqual(told(drivers.apply(frame({ leftSlots: [1] }))), { drivers: [], left: [] });
  assert.equal(drivers.get("a")?.latitudeE7, 3);
});

test("drivers beyond the bound, and slots that were never named, are left out and counted", () => {
  const drivers = two(2);
  assert.deepEqual(told(drivers.apply(frame({ drivers: [{ slot: 3, driverId: "c" }, { slot: 8 }, { slot: 1, latitudeE7: 4 }] }))), { drivers: [["a", 4]], left: [] });
  assert.deepEqual([drivers.size, drivers.leftOut], [2, 2]);
});
