import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { tokenOfPage } from "../src/access.ts";

const kept = new Map<string, string>();
const { signal } = new AbortController();

beforeEach(() => {
  kept.clear();
  globalThis.sessionStorage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
});
afterEach(() => mock.restoreAll());

const answer = (status: number, body: object = {}) => mock.method(globalThis, "fetch", async () => Response.json(body, { status }));

test("where the server hands out tokens nobody is asked", async () => {
  answer(200, { token: "issued" });
  const ask = tokenOfPage(() => Promise.reject(new Error("asked")));
  assert.equal(await ask({ refused: undefined, signal }), "issued");
  assert.equal(kept.size, 0);
});

test("what was pasted is kept for the tab, until the server refuses it", async () => {
  answer(404);
  const pasted = [" first\n", "second"];
  const ask = tokenOfPage(async () => pasted.shift()!);
  assert.equal(await ask({ refused: undefined, signal }), "first");
  assert.equal(await ask({ refused: undefined, signal }), "first");
  assert.equal(await ask({ refused: "first", signal }), "second");
  assert.equal(await ask({ refused: "first", signal }), "second");
});

test("a server that is away is no reason to ask a person", async () => {
  answer(502);
  await assert.rejects(tokenOfPage(() => Promise.reject(new Error("asked")))({ refused: undefined, signal }), /answered 502/);
});
