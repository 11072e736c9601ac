// What the example drivers of each language do when the server has trouble: a scripted one, since the real one seldom has.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { killAll } from "./child.mjs";
import { languages, start } from "./languages.mjs";
import { ScriptedServer, statusWith } from "./scripted-server.mjs";

const UNAVAILABLE = 14;
const ABORTED = 10;
const RESOURCE_EXHAUSTED = 8;
const folder = mkdtempSync(join(tmpdir(), "ride-tracking-scripted-"));
const tokenFile = join(folder, "opaque.token");
writeFileSync(tokenFile, "opaque\n");

after(() => {
  killAll();
  rmSync(folder, { recursive: true, force: true });
});

const serverTime = () => ({ seconds: Math.floor(Date.now() / 1000), nanos: 0 });
const policy = (movingSeconds, heartbeatSeconds) => ({
  policyVersion: 1, movingInterval: { seconds: movingSeconds }, heartbeatInterval: { seconds: heartbeatSeconds }, maxSilence: { seconds: 60 }, maxBatchDelay: {},
});
const isAvailability = (action) => action.action === "setAvailability";

async function badDay(language) {
  const server = await new ScriptedServer().start();
  const driver = start(language, "driver", server.address, "d1", tokenFile);
  try {
    // The device's attempts were counted further than the app remembers: it goes on from the number that it is told.
    let stream = await server.stream();
    const { sessionId, deviceId } = stream.hello;
    assert.match(sessionId, /^[A-Za-z0-9._:-]{1,64}$/);
    assert.equal(stream.hello.connectionAttempt, 1);
    stream.refuse(statusWith(ABORTED, "passed", "ErrorInfo", { reason: "CONNECTION_ATTEMPT_PASSED", domain: "ride-tracking", metadata: { last_connection_attempt: "41" } }));

    // Too many are coming: the app comes again after the time that it is told, spread over as much time again.
    stream = await server.stream();
    assert.equal(stream.hello.connectionAttempt, 42);
    const refusedAt = performance.now();
    stream.refuse(statusWith(RESOURCE_EXHAUSTED, "too many", "RetryInfo", { retryDelay: { seconds: 1 } }));
    stream = await server.stream();
    const waited = stream.openedAt - refusedAt;
    assert.ok(waited > 990, `waited ${waited} ms`);

    // No resume point: from the oldest fix that was never acknowledged, and the first batch says so.
    stream.send({ welcome: { serverTime: serverTime(), reportingPolicy: policy(1, 20) } });
    const first = (await stream.next("locations")).locations;
    assert.equal(first.resentAfterSequence, 0);
    assert.equal(first.fixes[0].sequence, 1);
    const following = (await stream.next("locations")).locations;
    assert.equal(following.resentAfterSequence, undefined);

    // The server lost what came after the first fix.
    stream.send({ resendAfter: { sequence: 1 } });
    const resent = (await stream.next("locations", (batch) => batch.resentAfterSequence !== undefined)).locations;
    assert.equal(resent.resentAfterSequence, 1);
    assert.equal(resent.fixes[0].sequence, 2);

    // The action cannot be committed yet: it comes again with the same id.
    stream.send({ fixAck: { throughSequence: 1 } });
    stream.end();
    await driver.line(/^lost: the server ended the stream/);
    stream = await server.stream();
    assert.equal(stream.hello.sessionId, sessionId);
    assert.equal(stream.hello.deviceId, deviceId);
    assert.equal(stream.hello.connectionAttempt, 44);
    stream.send({ welcome: { resumeAfterSequence: 2, serverTime: serverTime(), reportingPolicy: policy(1, 20) } });
    const action = (await stream.next("action", isAvailability)).action;
    stream.send({ actionResult: { actionId: action.actionId, status: statusWith(UNAVAILABLE, "not yet", "RetryInfo", { retryDelay: { nanos: 3e8 } }) } });
    const again = (await stream.next("action", isAvailability)).action;
    assert.deepEqual(again, action);

    // What resumes is what the log has not; what the log has is forgotten.
    const resumed = (await stream.next("locations")).locations;
    assert.ok(resumed.fixes[0].sequence >= 3, `${resumed.fixes[0].sequence}`);

    // A command that the app is too old for is acknowledged and listed; one that it knows is done first.
    stream.send({ command: { sequence: 5 } });
    const unknown = (await stream.next("commandAck")).commandAck;
    assert.deepEqual(unknown, { throughSequence: 5, unsupportedSequences: [5] });
    stream.send({ command: { sequence: 6, driverMessage: { text: "Fog on the bridge." } } });
    const known = (await stream.next("commandAck")).commandAck;
    assert.deepEqual(known, { throughSequence: 6, unsupportedSequences: [] });

    // A policy with few fixes: heartbeats between them.
    stream.send({ reportingPolicy: policy(60, 1) });
    await stream.next("heartbeat");

    // The server goes down: the app closes its side and comes back when it is told to, with all that it has not got rid of.
    stream.send({ streamClosing: { reason: "STREAM_CLOSING_REASON_DRAINING", mayReconnect: true, retryAfter: { seconds: 1 } } });
    const closingAt = performance.now();
    await stream.closed();
    stream.end();
    stream = await server.stream();
    assert.ok(stream.openedAt - closingAt > 990, "came back before retry_after");
    assert.equal(stream.hello.lastCommandSequence, 6);
    assert.equal(stream.hello.sessionId, sessionId);
    stream.send({ welcome: { resumeAfterSequence: resumed.fixes.at(-1).sequence, serverTime: serverTime(), reportingPolicy: policy(1, 20) } });
    assert.deepEqual((await stream.next("action", isAvailability)).action, action);
    stream.send({ actionResult: { actionId: action.actionId, status: { code: 0 } } });
    await driver.line(/^action set_availability answered OK$/);

    // The company has blocked the driver: no further stream.
    stream.send({ streamClosing: { reason: "STREAM_CLOSING_REASON_BLOCKED", mayReconnect: false } });
    await stream.closed();
    stream.end();
    assert.equal(await driver.end(), 3, `${driver}`);
    await driver.line(/^stopped: BLOCKED$/);
  } catch (error) {
    console.error(`${driver}`);
    throw error;
  } finally {
    driver.kill();
    server.stop();
  }
}

async function ridersBadDay(language) {
  const server = await new ScriptedServer().start();
  const requests = [];
  server.onRequestTrip = (request, answer) => {
    requests.push(request);
    if (requests.length === 1) answer(statusWith(UNAVAILABLE, "the store is away", "RetryInfo", { retryDelay: { nanos: 3e8 } }));
    else answer(null, { trip: { tripId: "t1", version: 1, state: "TRIP_STATE_SEARCHING" } });
  };
  let watches = 0;
  server.onWatchTrip = (call) => {
    // A server that stops ends the first stream in good order, long before the trip.
    const state = ++watches === 1 ? "TRIP_STATE_SEARCHING" : "TRIP_STATE_COMPLETED";
    call.write({ trip: { tripId: call.request.tripId, version: watches, state } });
    call.end();
  };
  const rider = start(language, "rider", server.address, "r1", tokenFile);
  try {
    assert.equal(await rider.end(), 0, `${rider}`);
    await rider.line(/^trip t1 COMPLETED$/);
    assert.equal(watches, 2);
    assert.equal(requests.length, 2);
    assert.match(requests[0].requestId, /^[A-Za-z0-9._:-]{1,64}$/);
    assert.deepEqual(requests[1], requests[0]);
  } finally {
    rider.kill();
    server.stop();
  }
}

/** A key, and a certificate for this machine that the programs of all languages but Java take for an authority's. */
function makeKeyPair() {
  const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => join(folder, name));
  execFileSync("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
  ], { stdio: "ignore" });
  process.env.GRPC_DEFAULT_SSL_ROOTS_FILE_PATH = process.env.SSL_CERT_FILE = certificate;
  return { private_key: readFileSync(key), cert_chain: readFileSync(certificate) };
}

async function overTls(language, keyPair) {
  const server = await new ScriptedServer().start(keyPair);
  server.onRequestTrip = (_, answer) => answer(null, { trip: { tripId: "t1", version: 1, state: "TRIP_STATE_SEARCHING" } });
  server.onWatchTrip = (call) => {
    call.write({ trip: { tripId: call.request.tripId, version: 2, state: "TRIP_STATE_COMPLETED" } });
    call.end();
  };
  const rider = start(language, "rider", server.address, "r1", tokenFile, "--tls");
  const driver = start(language, "driver", server.address, "d1", tokenFile, "--tls");
  try {
    const stream = await server.stream();
    stream.send({ welcome: { resumeAfterSequence: 0, serverTime: serverTime() } });
    await stream.next("action");
    assert.equal(await rider.end(), 0, `${rider}`);
  } finally {
    rider.kill();
    driver.kill();
    server.stop();
  }
}

describe("clients in other languages on a bad day", { concurrency: languages.length }, () => {
  for (const language of languages) {
    test(`${language.name}: the driver resumes, resends, repeats, waits and stops as the server says`, () => badDay(language));
    test(`${language.name}: the rider asks again for the same trip and watches it to its end`, () => ridersBadDay(language));
  }
});

describe("clients in other languages over TLS", { concurrency: languages.length }, () => {
  const keyPair = makeKeyPair();
  // Debian's netty has no ALPN: clients/java/README.md.
  for (const language of languages.filter(({ name }) => name !== "Java"))
    test(`${language.name}: driver and rider talk over TLS`, () => overTls(language, keyPair));
});
