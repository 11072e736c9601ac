import assert from "node:assert/strict";
import { test } from "node:test";
import { lifetimeMs, TokenSource } from "../src/tokens.js";
import { jwt, pass, settle } from "./support.js";

/** A token of 1,000 s. */
const token = (name: string) => jwt({ iat: 5_000, exp: 6_000, name });

test("a token tells how long it may be used, whatever the clocks say", () => {
  assert.equal(lifetimeMs(jwt({ iat: 1000, exp: 1900 })), 900_000);
  assert.equal(lifetimeMs(jwt({ nbf: 1000, exp: 1300 })), 300_000);
});

test("what is no JWT, or does not tell, is used as it is", () => {
  for (const odd of ["opaque", "a.b.c", jwt({ exp: 5 }), `e30.${btoa("null")}.x`, jwt({ iat: 9, exp: 5 })]) assert.equal(lifetimeMs(odd), undefined);
});

test("one question for all who wait, and another before the token ends", async () => {
  let now = 0;
  const asked: (string | undefined)[] = [];
  const tokens = new TokenSource(async ({ refused }) => token(`${asked.push(refused)}`), () => now);
  assert.deepEqual(await Promise.all([tokens.token(), tokens.token()]), [token("1"), token("1")]);
  now = 599_999;
  assert.equal(await tokens.token(), token("1"));
  now = 600_000;
  assert.equal(await tokens.token(), token("2"));
  assert.deepEqual(asked, [undefined, undefined]);
});

test("a refused token is asked for anew and named in the question; a newer one stays", async () => {
  const asked: (string | undefined)[] = [];
  const tokens = new TokenSource(async ({ refused }) => `t${asked.push(refused)}`);
  const first = await tokens.token();
  tokens.refused(first);
  assert.equal(await tokens.token(), "t2");
  tokens.refused(first);
  assert.equal(await tokens.token(), "t2");
  assert.deepEqual(asked, [undefined, "t1"]);
});

test("while no newer one is to be had, the old one is used until its end, and then the failure is told", async () => {
  let now = 0;
  let fails = false;
  const tokens = new TokenSource(async () => {
    if (fails) throw new Error("no network");
    return token("1");
  }, () => now);
  await tokens.token();
  fails = true;
  now = 999_999;
  assert.equal(await tokens.token(), token("1"));
  now = 1_000_000;
  await assert.rejects(tokens.token(), /no network/);
});

test("a wait for a token ends with its caller, not with the question", async () => {
  let answer = (_: string) => {};
  const tokens = new TokenSource(() => new Promise((resolve) => (answer = resolve)));
  const abort = new AbortController();
  const given = tokens.token(abort.signal);
  const other = tokens.token();
  abort.abort(new Error("closed"));
  await assert.rejects(given, /closed/);
  answer("late");
  assert.equal(await other, "late");
});

test("streams are told of a newer token in time, also after a try that failed", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  let fails = true;
  let count = 0;
  const tokens = new TokenSource(async () => {
    if (count > 0 && fails) throw new Error("no network");
    return token(`${++count}`);
  }, () => now);
  let renewed = 0;
  const stop = tokens.onRenewed(() => renewed++);
  await tokens.token();
  now = 600_000;
  await pass(t, 600_000);
  assert.equal(renewed, 0);
  fails = false;
  await pass(t, 10_000);
  assert.equal(renewed, 1);
  assert.equal(await tokens.token(), token("2"));
  stop();
  now = 2_000_000;
  await pass(t, 2_000_000);
  assert.equal(count, 2, "nobody listens any more");
});

test("a closed source ends its question", async () => {
  const tokens = new TokenSource(({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended")))));
  const given = assert.rejects(tokens.token(), /ended/);
  await settle();
  tokens.close();
  await given;
});
