import assert from "node:assert/strict";
import { test } from "node:test";
import { contains, serves, viewportOf, wholeWorld, widthDegrees } from "../src/viewport.ts";

test("bounds beyond 180 degrees become a viewport across the antimeridian", () => {
  assert.deepEqual(viewportOf({ south: -10, west: 170, north: 10, east: 190 }, 0), { south: -10, west: 170, north: 10, east: -170 });
  assert.deepEqual(viewportOf({ south: -10, west: -190, north: 10, east: -170 }, 0), { south: -10, west: 170, north: 10, east: -170 });
});

test("a margin widens each side and stops at the poles", () => {
  assert.deepEqual(viewportOf({ south: 60, west: 0, north: 80, east: 40 }, 0.5), { south: 50, west: -20, north: 90, east: 60 });
});

test("bounds wider than the world are the whole world round", () => {
  assert.deepEqual(viewportOf({ south: -60, west: -250, north: 60, east: 250 }, 0), { south: -60, west: -180, north: 60, east: 180 });
  assert.equal(widthDegrees(wholeWorld), 360);
});

test("containment knows the antimeridian", () => {
  const pacific = { south: -20, west: 160, north: 20, east: -160 };
  assert.ok(contains(pacific, { south: -10, west: 175, north: 10, east: -175 }));
  assert.ok(contains(pacific, { south: -10, west: -170, north: 10, east: -165 }));
  assert.ok(!contains(pacific, { south: -10, west: 150, north: 10, east: 170 }));
  assert.ok(!contains(pacific, { south: -10, west: -165, north: 10, east: 165 }), "the other way round the world");
  assert.ok(contains(wholeWorld, pacific));
});

test("a stream serves a map inside it until the map has zoomed far in", () => {
  const watched = { south: 0, west: 0, north: 4, east: 4 };
  assert.ok(serves(watched, { south: 1, west: 1, north: 3, east: 3 }));
  assert.ok(!serves(watched, { south: 1, west: 1, north: 1.5, east: 1.5 }), "far more than is shown");
  assert.ok(!serves(watched, { south: 3, west: 3, north: 5, east: 5 }), "left it");
});
