import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { keepAsking } from "../src/keep-asking.js";
import { pass, settle } from "./support.js";

test("it is asked again and again, sooner while there is no answer, until it is aborted", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const abort = new AbortController();
  const told: string[] = [];
  let asked = 0;
  const ended = keepAsking({
    ask: async () => {
      if (++asked === 2) throw new Error("gone");
      return asked;
    },
    onAnswer: (answer) => void told.push(`${answer}`),
    onFailure: (error) => void told.push(error.rawMessage),
    pollMs: 15_000,
    random: () => 1,
    signal: abort.signal,
  });
  await settle();
  assert.deepEqual(told, ["1"]);
  await pass(t, 15_000);
  await pass(t, 500);
  assert.deepEqual(told, ["1", "gone", "3"]);
  abort.abort();
  assert.deepEqual(await ended, { kind: "aborted" });
  await pass(t, 60_000);
  assert.equal(asked, 3);
});

test("a refusal ends it", async () => {
  const end = await keepAsking({
    ask: () => Promise.reject(new ConnectError("no", Code.PermissionDenied)),
    onAnswer() {},
    pollMs: 10,
  });
  assert.equal(end.kind, "refused");
});
