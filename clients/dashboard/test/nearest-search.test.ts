import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@ride-tracking/client";
import { FoundDriverSchema, LeftOutDriversSchema, LeftOutReason } from "@ride-tracking/client/v1/dispatch";
import { nearDriver, silentNotice } from "../src/nearest-search.ts";

test("a found driver's fix is dated by the page's own clock", () => {
  const found = create(FoundDriverSchema, {
    driverId: "a",
    distanceMeters: 812.4,
    location: { latitude: 41.15, longitude: -8.61 },
    fixAge: { seconds: 2n, nanos: 500_000_000 },
  });
  const driver = nearDriver(found, 10_000);
  assert.equal(driver.fixedAt, 7_500);
  assert.deepEqual(driver.place, { latitude: 41.15, longitude: -8.61 });
  assert.deepEqual([driver.driverId, driver.distanceMeters], ["a", 812.4]);
});

test("who was last known here and is silent is told, with how many", () => {
  const stale = (count: number, atLeast: boolean) => [
    create(LeftOutDriversSchema, { reason: LeftOutReason.NO_WAY, count: 7 }),
    create(LeftOutDriversSchema, { reason: LeftOutReason.STALE_POSITION, count, atLeast }),
  ];
  assert.equal(silentNotice([]), "");
  assert.equal(silentNotice(stale(1, false)), "1 driver last known here, silent since.");
  assert.equal(silentNotice(stale(1000, true)), "1000 or more drivers last known here, silent since.");
});
