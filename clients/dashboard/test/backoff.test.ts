import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "../src/backoff.ts";

test("the wait doubles up to ten seconds, half of it random", () => {
  assert.deepEqual([1, 2, 3].map((failures) => backoffMs(failures, 1)), [500, 1000, 2000]);
  assert.deepEqual([1, 2, 3].map((failures) => backoffMs(failures, 0)), [250, 500, 1000]);
  assert.equal(backoffMs(500, 1), 10_000);
});
