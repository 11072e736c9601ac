import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAge, formatCourse, formatDistance, formatPlace, formatSpeed, formatWait } from "../src/format.ts";

test("ages are told as precisely as matters", () => {
  assert.deepEqual([-1, 0.44, 12.9, 200, 7500].map(formatAge), ["0.0 s", "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"]);
});

test("courses, speeds and places", () => {
  assert.equal(formatCourse(359.7), "0° N");
  assert.equal(formatCourse(134), "134° SE");
  assert.equal(formatSpeed(10), "36 km/h");
  assert.equal(formatPlace(41.15, -8.61), "41.15000° N, 8.61000° W");
});

test("distances are told in whole metres", () => {
  assert.deepEqual([0, 0.6, 999.5, 4987].map(formatDistance), ["0 m", "1 m", "1,000 m", "4,987 m"]);
});

test("waits are told as people tell them", () => {
  assert.deepEqual(
    [-20, 4, 44, 89, 91, 3_590, 3_900].map(formatWait),
    ["now", "now", "in 40 s", "in 1 min", "in 2 min", "in 1 h 0 min", "in 1 h 5 min"]);
});
