import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Code, ConnectError, createClient } from "@ride-tracking/client";
import { createRouterTransport } from "@ride-tracking/client/testing";
import { DispatchService } from "@ride-tracking/client/v1/dispatch";
import { FleetService } from "@ride-tracking/client/v1/fleet";
import { NearestSearch } from "../src/nearest-search.ts";
import { ZoneFeed } from "../src/zone-feed.ts";

/** Lets time pass at once, and what it sets off come to its end. */
async function pass(t: TestContext, ms: number): Promise<void> {
  t.mock.timers.tick(ms);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("zones are asked for again and again, and stay while calls fail", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let answer: () => { zones: { zoneId: string; version: bigint }[] } = () => ({ zones: [{ zoneId: "a", version: 1n }] });
  let calls = 0;
  const transport = createRouterTransport(({ rpc }) => {
    rpc(FleetService.method.listZones, () => {
      calls++;
      return answer();
    });
  });
  const told: string[][] = [];
  new ZoneFeed(createClient(FleetService, transport), (zones) => told.push(zones.map((zone) => zone.zoneId)));
  await pass(t, 0);
  assert.deepEqual(told, [["a"]]);

  await pass(t, 15_000);
  assert.equal(calls, 2);
  answer = () => {
    throw new ConnectError("gone", Code.Unavailable);
  };
  await pass(t, 15_000);
  await pass(t, 10_000);
  assert.equal(calls, 4, "a failed call is tried again before the next is due");
  assert.deepEqual(told, [["a"]], "nothing is told while nothing changes");

  answer = () => ({ zones: [] });
  await pass(t, 10_000);
  assert.deepEqual(told, [["a"], []]);
});

test("the nearest are asked for until the search ends, also after an answer that failed", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let fails = true;
  const asked: (number | undefined)[] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DispatchService.method.searchDrivers, (request) => {
      asked.push(request.center?.longitude);
      assert.deepEqual([request.radiusMeters, request.maxResults], [5_000, 5]);
      if (fails) throw new ConnectError("gone", Code.Unavailable);
      return { drivers: [{ driverId: "a" }, { driverId: "b" }] };
    });
  });
  const told: string[] = [];
  const search = new NearestSearch(createClient(DispatchService, transport), {
    onPlace: ({ longitude }) => told.push(`place ${longitude}`),
    onFound: (drivers) => told.push(drivers.map((driver) => driver.driverId).join()),
    onFailed: () => told.push("failed"),
    onEnd: () => told.push("end"),
  });
  search.end();
  assert.deepEqual(told, [], "what was not begun does not end");

  search.start({ latitude: 10, longitude: 190 });
  await pass(t, 0);
  fails = false;
  await pass(t, 3_000);
  assert.deepEqual(told, ["place 190", "failed", "a,b"]);
  assert.deepEqual(asked, [-170, -170], "the server knows longitudes up to 180");

  search.start({ latitude: 10, longitude: 20 });
  await pass(t, 0);
  await pass(t, 3_000);
  assert.deepEqual(asked.slice(2), [20, 20], "a new place takes the old one's turn");
  search.end();
  search.end();
  await pass(t, 10_000);
  assert.equal(asked.length, 4);
  assert.deepEqual(told.slice(3), ["place 20", "a,b", "a,b", "end"]);
});
