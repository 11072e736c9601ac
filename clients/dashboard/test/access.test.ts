import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { tokenOfPage } from "../src/access.ts";

const kept = new Map<string, string>();
const keptForever = new Map<string, string>();
let address = "http://localhost:8080/#13/41.15/-8.61";
const { signal } = new AbortController();

beforeEach(() => {
  kept.clear();
  keptForever.clear();
  address = "http://localhost:8080/#13/41.15/-8.61";
  const storage = (map: Map<string, string>) => ({
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  }) as Storage;
  Object.assign(globalThis, {
    sessionStorage: storage(kept),
    localStorage: storage(keptForever),
    location: { get href() { return address; } },
    history: { state: null, replaceState: (_state: unknown, _title: string, url: URL) => void (address = url.href) },
  });
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

test("the key in the address that the server says is given to it, taken out of the address, and kept for other tabs", async () => {
  address = "http://localhost:8080/?key=abc#13/41.15/-8.61";
  const asked = answer(200, { token: "issued" });
  const keyOf = (call: number) => (asked.mock.calls[call]!.arguments[1] as { headers: Record<string, string> }).headers["X-Development-Key"];
  await tokenOfPage(() => Promise.reject(new Error("asked")))({ refused: undefined, signal });
  assert.equal(keyOf(0), "abc");
  assert.equal(address, "http://localhost:8080/#13/41.15/-8.61");
  await tokenOfPage(() => Promise.reject(new Error("asked")))({ refused: undefined, signal });
  assert.equal(keyOf(1), "abc");
});
