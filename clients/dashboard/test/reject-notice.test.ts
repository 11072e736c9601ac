import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@ride-tracking/client";
import { FixRejectReason, LastRejectSchema } from "@ride-tracking/client/v1/fix";
import { rejectNotice } from "../src/reject-notice.ts";

const last = (reason: FixRejectReason, rejectedInARow: number, rejectedOfLast64: number) =>
  create(LastRejectSchema, { reason, rejectedInARow, rejectedOfLast64, isUnseen: rejectedInARow >= 10 });

test("a few rejected fixes are no news", () => {
  assert.equal(rejectNotice(undefined), "");
  assert.equal(rejectNotice(last(FixRejectReason.IMPOSSIBLE_JUMP, 3, 9)), "");
});

test("a driver who is not seen is, with the reason", () => {
  assert.match(rejectNotice(last(FixRejectReason.FROM_FUTURE, 12, 12)), /^Not seen: the last 12 fixes .*clocks differ/);
});

test("half of the fixes rejected as jumps look like two phones", () => {
  assert.match(rejectNotice(last(FixRejectReason.IMPOSSIBLE_JUMP, 1, 32)), /^32 of the last 64 .* Two phones/);
  assert.doesNotMatch(rejectNotice(last(FixRejectReason.TOO_INACCURATE, 1, 32)), /Two phones/);
});
