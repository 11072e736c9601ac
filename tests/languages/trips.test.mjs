// The example clients of each language against the real server, over a network that breaks in the middle of the trip.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { killAll } from "./child.mjs";
import { languages, start } from "./languages.mjs";
import { Proxy } from "./proxy.mjs";
import { Server } from "./server.mjs";

const place = (latitude, metersNorth = 0) => `${(latitude + metersNorth / 111_195).toFixed(6)},-8.610000`;

let server;
const tokenFiles = {};

before(async () => {
  server = await new Server().start();
  const drivers = languages.flatMap(({ name }) => [`driver-${name}`, `two-phones-${name}`, `refreshes-${name}`]);
  const riders = languages.map(({ name }) => `rider-${name}`);
  await server.enter(drivers);
  await server.enter(riders, "--rider");
  tokenFiles.driver = await server.tokenFile("driver", drivers);
  tokenFiles.rider = await server.tokenFile("rider", riders);
});

after(() => {
  killAll();
  server?.discard();
});

async function driveThroughCuts(language) {
  const { name, latitude } = language;
  const [driverId, riderId] = [`driver-${name}`, `rider-${name}`];
  const proxy = await new Proxy(server.address).listen();
  const driver = start(language, "driver", proxy.address, driverId, tokenFiles.driver, "--at", place(latitude, -80), "--speed", "15");
  let rider;
  try {
    await driver.line(/^action set_availability answered OK$/);
    rider = start(
      language, "rider", proxy.address, riderId, tokenFiles.rider,
      "--pickup", place(latitude), "--dropoff", place(latitude, 120), "--pickup-code");
    const [, tripId] = await rider.line(/^requested trip (\S+)$/);
    const [, code] = await rider.line(/^pickup code (\S+)$/);

    // First cut: the trip is accepted, the car on its way to the pick-up.
    await driver.line(/^action offer_reply answered OK$/);
    await driver.line(/^action HEADING answered OK$/);
    await rider.line(/^position /);
    await cut(proxy, driver, rider);

    // The rider tells a wrong code first: it is refused, and asked for again.
    await driver.line(/^pickup code\?$/);
    let said = driver.lines.length;
    driver.type(code === "0000" ? "1111" : "0000");
    await driver.line(/^pickup code\?$/, { after: said });
    driver.type(code);

    // Second cut: the rider is in the car.
    await rider.line(/^trip \S+ IN_PROGRESS/);
    await rider.line(/^position /, { after: rider.lines.length });
    await cut(proxy, driver, rider);

    assert.equal(await rider.end(), 0, `${rider}`);
    assert.equal(await driver.end(), 0, `${driver}`);
    await rider.line(new RegExp(`^trip ${tripId} COMPLETED`));
    await driver.line(new RegExp(`^trip ${tripId} is over: `));
    assert.ok(Number((await rider.line(/^positions (\d+)$/))[1]) >= 8, `${rider}`);
    const counts = await driver.line(/^fixes sent (\d+) acknowledged (\d+) resent (\d+) dropped (\d+); actions made (\d+) answered (\d+)$/);
    const [sent, acknowledged, , dropped, made, answered] = counts.slice(1).map(Number);
    assert.ok(sent >= 10, `${driver}`);
    assert.equal(acknowledged, sent);
    assert.equal(dropped, 0);
    assert.equal(answered, made);
    assert.ok(made >= 10, "available, the reply, two steps and three at two waypoints, one of them twice, and off work");
    for (const each of [driver, rider]) assert.ok(each.lines.filter((line) => line.startsWith("lost: ")).length >= 2, `lost at each cut\n${each}`);
    language.sent = sent;
  } catch (error) {
    console.error(`${driver}\n${rider ?? ""}`);
    throw error;
  } finally {
    driver.kill();
    rider?.kill();
    proxy.close();
  }
}

/** All connections break, and both come back. */
async function cut(proxy, driver, rider) {
  const [driverSaid, riderSaid] = [driver.lines.length, rider.lines.length];
  assert.ok(proxy.cut() >= 4, "two connections, each with two ends");
  await driver.line(/^connected: /, { after: driverSaid });
  await rider.line(/^(trip|position) /, { after: riderSaid });
}

async function badToken(language) {
  const file = join(server.folder, `bad-${language.name}.token`);
  writeFileSync(file, "bad");
  const both = ["driver", "rider"].map((program) => start(language, program, server.address, `nobody-${language.name}`, file));
  for (const each of both) {
    assert.equal(await each.end(), 1, `${each}`);
    await each.line(/^refused: UNAUTHENTICATED ./);
  }
}

async function takenOver(language) {
  const id = `two-phones-${language.name}`;
  const first = start(language, "driver", server.address, id, tokenFiles.driver, "--at", place(language.latitude + 20));
  await first.line(/^action set_availability answered OK$/);
  const second = start(language, "driver", server.address, id, tokenFiles.driver, "--at", place(language.latitude + 20));
  await second.line(/^connected: /);
  assert.equal(await first.end(), 3, `${first}`);
  await first.line(/^stopped: TAKEN_OVER$/);
  await second.line(/^action set_availability answered OK$/);
  second.kill();
  await second.end();
}

async function tokenIsReplaced(language) {
  const id = `refreshes-${language.name}`;
  const file = await server.tokenFile("driver", [id], "--lifetime", "25s");
  const driver = start(language, "driver", server.address, id, file, "--at", place(language.latitude + 20));
  await driver.line(/^connected: /);
  await server.tokenFile("driver", [id], "--lifetime", "1h");
  await driver.line(/^token accepted$/);
  assert.ok(!driver.lines.some((line) => line.startsWith("lost: ")), `${driver}`);
  driver.kill();
  await driver.end();
}

// As many at a time as there are languages: more would only wait for the processor. The longest come first.
describe("clients in other languages", { concurrency: languages.length }, () => {
  const all = [
    ["a trip is driven to its end across two cuts of the network, and nothing is lost", driveThroughCuts],
    ["the token is replaced on the open stream before it ends", tokenIsReplaced],
    ["a second phone takes over and the first one stops", takenOver],
    ["a bad token ends both programs with a clear message", badToken],
  ];
  for (const [what, run] of all)
    for (const language of languages) test(`${language.name}: ${what}`, () => run(language));
});

// After all others: the log can be read once the server has stopped.
describe("the server's log", () => {
  before(() => server.stop());
  for (const language of languages) {
    test(`${language.name}: each fix that was acknowledged is in it once`, async () => {
      const sequences = await server.loggedSequences(`driver-${language.name}`);
      assert.deepEqual(sequences.toSorted((a, b) => a - b), Array.from({ length: language.sent }, (_, index) => index + 1));
    });
  }
});
