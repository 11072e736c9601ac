// The pages of docs/api against the contract, the server's code and a running server.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { generate, readContract, readErrors, readExamples, readRoles, servicesOf } from "../../docs/api/generate.mjs";
import { root } from "./markdown.mjs";
import { Server } from "./server.mjs";

const { fromJson, toBinary } = createRequire(join(root, "clients/typescript/package.json"))("@bufbuild/protobuf");
const contract = readContract();
const methods = servicesOf(contract).flatMap((service) => service.methods.map((method) => ({ name: `${service.name}.${method.name}`, path: `${service.typeName}/${method.name}`, method })));

/** Words of the source in capitals that are no reasons: commands and answers of Redis, columns, formats, an HTTP verb. */
const noReasons = new Set(`
  AOF APPLY AWAY BUSY CLUSTERDOWN CONFIG D4 DEL DISKFULL EVAL EVALSHA EXECABORT F0 F7 FORMAT HDEL HSET JWT LOADING MASTERDOWN MISCONF MISTAKE MOVED NOAUTH NOPERM NOREPLICAS NOSCRIPT NOT_FOUND OOM
  OTEL_EXPORTER_OTLP_ENDPOINT PEXPIRE POST PX READONLY RPUSH SADD SET TRYAGAIN UNFIT WAIT WRONGPASS ZADD ZREM ZREMRANGEBYSCORE
`.trim().split(/\s+/));

/** The status code of each of Refusal's ways to say no. */
const codes = {
  Precondition: "FAILED_PRECONDITION", OutOfRange: "OUT_OF_RANGE", NotFound: "NOT_FOUND", AlreadyExists: "ALREADY_EXISTS", Aborted: "ABORTED",
  PermissionDenied: "PERMISSION_DENIED", Unauthenticated: "UNAUTHENTICATED", Unavailable: "UNAVAILABLE", Internal: "INTERNAL",
  Exhausted: "RESOURCE_EXHAUSTED", Later: "RESOURCE_EXHAUSTED", Limit: "RESOURCE_EXHAUSTED",
};

function sources() {
  const folder = join(root, "src/RideTracking.Server");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".cs") && !/^(bin|obj)\//.test(file)).map((file) => readFileSync(join(folder, file), "utf8"));
}

test("the pages are what the generator makes", () => {
  for (const [name, text] of generate()) {
    const [has, made] = [readFileSync(join(root, "docs/api", name), "utf8").split("\n"), text.split("\n")];
    const line = made.findIndex((line, index) => line !== has[index]);
    assert.ok(line < 0 && has.length === made.length, `docs/api/${name} differs from line ${line + 1} on: npm run docs:api --prefix clients/dashboard`);
  }
  const others = ["errors.md", "examples.json", "generate.mjs", "openapi.json"];
  assert.deepEqual(readdirSync(join(root, "docs/api")).sort(), [...generate().keys(), ...others].sort());
});

test("every RPC has one rule and one example, and nothing else has", () => {
  const names = methods.map(({ name }) => name).sort();
  assert.deepEqual([...readRoles().keys()].sort(), names);
  assert.deepEqual(Object.keys(readExamples(contract)).sort(), names);
});

test("errors.md has every reason of the source, and no other", () => {
  const words = new Set(sources().flatMap((text) => [...text.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"/g)].map((match) => match[1])).filter((word) => word.length > 1));
  const inSource = [...words].filter((word) => !noReasons.has(word)).sort();
  assert.deepEqual([...new Set(readErrors().map(({ reason }) => reason))].sort(), inSource, "A new reason belongs in docs/api/errors.md, any other word in noReasons");
});

test("errors.md has the codes of the source", () => {
  const told = readErrors();
  let compared = 0;
  for (const text of sources()) {
    for (const [, way, reason] of text.matchAll(/Refusal\.(\w+)\(\s*"([A-Z_]+)"/g)) {
      compared++;
      assert.ok(told.some((error) => error.reason === reason && error.code === codes[way]), `${reason} is ${codes[way]} in the source, and errors.md does not say so`);
    }
  }
  assert.ok(compared > 40, `only ${compared} were found`);
});

test("errors.md names RPCs and actions that there are", () => {
  const actions = contract.getMessage("ridetracking.v1.DriverAction").oneofs[0].fields.map((field) => field.message.name);
  const names = new Set([...methods.map(({ name }) => name), ...actions]);
  for (const { reason, toldBy } of readErrors()) for (const name of toldBy) assert.ok(names.has(name), `${reason} is said to be told by ${name}, which there is none of`);
});

/** What a call was refused with is among what its page says. */
function assertTold(name, details) {
  const reason = /\n[^A-Z]?([A-Z][A-Z_]+)\x12.ride-tracking/s.exec(details)?.[1];
  if (reason) assert.ok(readErrors().some((error) => error.reason === reason && (error.toldBy.includes(name) || error.heading.startsWith("Any"))), `${name} told ${reason}, and errors.md does not say so`);
  else assert.ok(!details.includes("ErrorInfo"), `${name}: no reason was found in ${JSON.stringify(details)}`);
}

describe("a running server", () => {
  let server;
  before(async () => (server = await Server.start()));
  after(() => server?.end());

  for (const role of ["driver", "rider", "ops", "service", undefined]) {
    test(`lets ${role ?? "nobody's token"} call what the pages say`, async () => {
      const token = role && server.token(role, "ana");
      const rules = readRoles();
      await Promise.all(methods.map(async ({ name, path, method }) => {
        const { status, details } = await server.call(path, method.methodKind === "bidi_streaming" ? [] : [Buffer.alloc(0)], token);
        const isRefused = (status === 7 && details.includes("ROLE_NOT_ALLOWED")) || (status === 16 && details.includes("TOKEN_MISSING"));
        const roles = rules.get(name);
        assertTold(name, details);
        assert.equal(isRefused, !roles.includes("anybody") && !(role && roles.includes(role)), `${name}: status ${status} ${details}`);
      }));
    });
  }

  test("finds nothing wrong with the examples", async () => {
    const token = server.token("service", "backend");
    const examples = readExamples(contract);
    for (const { name, path, method } of methods) {
      const messages = [examples[name]].flat().map((json) => Buffer.from(toBinary(method.input, fromJson(method.input, json, { registry: contract }))));
      const { status, details, message } = await server.call(path, messages, token);
      assertTold(name, details);
      // Not there, not now: OK. An argument that is no argument, a fault of the server's: not.
      assert.ok(![2, 3, 12, 13].includes(status), `${name}: status ${status} ${message}`);
    }
  });
});
