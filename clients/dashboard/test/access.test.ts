import assert from "node:assert/strict";
import { test } from "node:test";
import { readToken } from "../src/access.ts";

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;

test("a token tells how long it may be used, whatever the clocks say", () => {
  assert.equal(readToken(jwt({ iat: 1000, exp: 1900 })).lifetimeSeconds, 900);
  assert.equal(readToken(jwt({ nbf: 1000, exp: 1300 })).lifetimeSeconds, 300);
});

test("what is no JWT is used as it is", () => {
  assert.deepEqual(readToken("opaque"), { value: "opaque", lifetimeSeconds: undefined });
});
