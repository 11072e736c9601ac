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

/** Whole numbers below a bound, the same for the same seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 48271) >>> 0) % 2147483647;
    return state % below;
  };
}

test("whoever applies the changes has what the server has, whatever comes and goes", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const below = dice(seed);
    const server = new Map<number, { driverId: string; latitudeE7: number }>();
    const named = new Set<number>();
    const drivers = new FleetDrivers(100);
    const page = new Map<string, number>();
    for (let step = 0; step < 40; step++) {
      const leftSlots: number[] = [];
      const changed = new Set<number>();
      for (let change = below(4); change > 0; change--) {
        const slot = below(8);
        if (server.has(slot) && below(3) === 0) {
          server.delete(slot);
          changed.delete(slot);
          if (named.delete(slot)) leftSlots.push(slot);
          continue;
        }
        // A slot that is free goes to anybody who is not there.
        const free = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `d${number}`).filter((id) => ![...server.values()].some((one) => one.driverId === id));
        const driverId = server.get(slot)?.driverId ?? free[below(free.length)]!;
        server.set(slot, { driverId, latitudeE7: below(1_000_000) });
        changed.add(slot);
      }
      const told = [...changed].map((slot) => ({ slot, latitudeE7: server.get(slot)!.latitudeE7, driverId: named.has(slot) ? "" : server.get(slot)!.driverId }));
      for (const slot of changed) named.add(slot);
      // The snapshot comes in three parts.
      const change = drivers.apply(frame({ snapshot: step < 3, snapshotComplete: step === 2, drivers: told, leftSlots }));
      assert.equal(change === undefined, step < 2);
      if (change === undefined) continue;
      if (change.isWhole) page.clear();
      for (const driverId of change.left) assert.ok(page.delete(driverId), "nobody leaves who was not there");
      for (const driver of change.drivers) page.set(driver.driverId, driver.latitudeE7);
      const expected = [...server.values()].map((one) => [one.driverId, one.latitudeE7] as const).sort();
      assert.deepEqual([...page].sort(), expected, `seed ${seed}, step ${step}`);
      assert.deepEqual([...drivers].map((one) => [one.driverId, one.latitudeE7] as const).sort(), expected);
    }
    assert.equal(drivers.leftOut, 0);
  }
});
