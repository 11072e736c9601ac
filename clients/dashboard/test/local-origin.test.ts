import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalOrigin } from "../src/local-origin.ts";

test("the origin stays while the map is near, on any copy of the world, and moves when it went far", () => {
  const origin = new LocalOrigin();
  assert.equal(origin.follow(0.999, 0.4), true);
  assert.equal(origin.follow(0.998, 0.4), false);
  assert.equal(origin.follow(-0.001, 0.4), false, "the same place, a world farther west");
  assert.equal(origin.follow(0.5, 0.4), true);
});

test("a folded matrix takes offsets to where the matrix takes whole places", () => {
  const origin = new LocalOrigin();
  origin.follow(0.476, 0.375);
  const matrix = new Float64Array([2e6, 0, 0, 0, 0, -2e6, 0, 0, 0, 0, 1, 0, -0.476 * 2e6, 0.375 * 2e6, 0, 1]);
  const folded = origin.fold(matrix, 0.476);
  const offset = 1e-7;
  const clip = (folded[0] ?? 0) * offset + (folded[12] ?? 0);
  assert.ok(Math.abs(clip - 0.2) < 1e-6);
});
