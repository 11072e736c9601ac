import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "../src/backoff.js";

test("the bound of the wait doubles up to ten seconds, and all of the wait is random", () => {
  assert.deepEqual([1, 2, 3, 6, 500].map((failures) => backoffMs(failures, 1)), [500, 1000, 2000, 10_000, 10_000]);
  assert.deepEqual([1, 2, 3].map((failures) => backoffMs(failures, 0)), [0, 0, 0]);
  assert.equal(backoffMs(2, 0.25), 250);
});

test("a wait that the server asks for is kept, and spread over as much again", () => {
  assert.deepEqual([0, 0.5, 1].map((random) => backoffMs(1, random, 4_000)), [4_000, 6_000, 8_000]);
  assert.equal(backoffMs(4, 1, 100), 4_100, "never less spread than without it");
  assert.equal(backoffMs(1, 0, 2 ** 40), 300_000, "a timer of months would fire at once");
  assert.equal(backoffMs(1, 0, -5), 0);
});
