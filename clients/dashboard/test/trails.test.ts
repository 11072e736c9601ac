import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@ride-tracking/client";
import { FleetDriverSchema } from "@ride-tracking/client/v1/fleet";
import { Cars } from "../src/cars.ts";
import { Trails, type Stretch } from "../src/trails.ts";

const stretch = (start: number): Stretch => ({ fromX: 0, fromY: 0, toX: 0, toY: 0, start, duration: 1 });

test("a full ring lets the oldest go and tells which places are new", () => {
  const trails = new Trails(3);
  [1, 2].forEach((start) => trails.add(stretch(start)));
  assert.deepEqual(trails.takeFresh(), [0, 1]);
  [3, 4].forEach((start) => trails.add(stretch(start)));
  assert.deepEqual(trails.takeFresh(), [2, 0]);
  assert.equal(trails.length, 3);
  assert.deepEqual([0, 1, 2].map((index) => trails.at(index)?.start), [4, 2, 3]);
  [5, 6, 7, 8, 9].forEach((start) => trails.add(stretch(start)));
  assert.equal(trails.takeFresh().length, 3);
});

test("a car leaves a trail where it drives, not where it stands or is set down", () => {
  const driven: Stretch[] = [];
  const cars = new Cars();
  cars.onDriven = (one) => driven.push(one);
  const at = (latitude: number) => create(FleetDriverSchema, { driverId: "a", latitudeE7: latitude * 1e7, courseDegrees: 0 });
  cars.replace([at(10)], 0);
  cars.update([at(10)], [], 1);
  cars.update([at(11)], [], 2);
  assert.equal(driven.length, 0);
  cars.update([at(11.001)], [], 3);
  assert.equal(driven.length, 1);
});
