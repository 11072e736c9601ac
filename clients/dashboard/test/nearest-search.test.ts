import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { FoundDriverSchema } from "../src/gen/ridetracking/v1/dispatch_pb.ts";
import { nearDriver } from "../src/nearest-search.ts";

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
