import assert from "node:assert/strict";
import { test } from "node:test";
import { degreesLabel, graticuleLines, graticuleStep, ticks } from "../src/graticule.ts";

test("the step is the finest whose lines are far enough apart", () => {
  assert.equal(graticuleStep(12_000, 120), 0.01);
  assert.equal(graticuleStep(11_999, 120), 0.02);
  assert.equal(graticuleStep(1, 120), 30);
});

test("ticks carry no rounding noise", () => {
  assert.deepEqual(ticks(-8.62, -8.59, 0.01), [-8.62, -8.61, -8.6, -8.59]);
});

test("labels have as many digits as the step needs", () => {
  assert.equal(degreesLabel(-8.6, 0.01, "E", "W"), "8.60° W");
  assert.equal(degreesLabel(30, 15, "N", "S"), "30° N");
  assert.equal(degreesLabel(0, 15, "N", "S"), "0°");
});

test("every fifth line is major", () => {
  const lines = graticuleLines({ south: 0, west: 0, north: 0.5, east: 10 }, 1);
  const majors = lines.features.filter((line) => line.properties.major).map((line) => line.geometry.coordinates[0]);
  assert.deepEqual(majors, [[0, 0], [5, 0], [10, 0], [0, 0]]);
});
