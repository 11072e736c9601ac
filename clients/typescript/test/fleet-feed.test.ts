import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import type { Connection } from "../src/end.js";
import type { FleetChange } from "../src/fleet-drivers.js";
import { FleetFeed, type FleetFeedOptions } from "../src/fleet-feed.js";
import { FleetService, WatchFleetResponseSchema, type WatchFleetRequest, type WatchFleetResponse } from "../src/gen/ridetracking/v1/fleet_pb.js";
import { TokenSource } from "../src/tokens.js";
import { Channel, fakeNetwork, jwt, pass, settle } from "./support.js";

const frame = (init: MessageInitShape<typeof WatchFleetResponseSchema>) => create(WatchFleetResponseSchema, init);
const whole = (...ids: string[]) => frame({ snapshot: true, snapshotComplete: true, drivers: ids.map((driverId, slot) => ({ slot, driverId })) });
const here = { south: 41, west: -9, north: 42, east: -8 };
const there = { south: 51, west: 0, north: 52, east: 1 };

interface Stream {
  readonly request: WatchFleetRequest;
  readonly channel: Channel<WatchFleetResponse>;
  readonly signal: AbortSignal;
}

function setUp(t: TestContext, options: Partial<FleetFeedOptions> = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const streams: Stream[] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(FleetService.method.watchFleet, (request: WatchFleetRequest, context: HandlerContext) => {
      const channel = new Channel<WatchFleetResponse>();
      streams.push({ request, channel, signal: context.signal });
      return channel.read(context.signal);
    });
  });
  const told: string[] = [];
  const connections: Connection[] = [];
  const feed = new FleetFeed({
    client: createClient(FleetService, transport),
    random: () => 1,
    onChange: ({ isWhole, drivers, left }: FleetChange) =>
      void told.push(`${isWhole ? "whole" : "delta"} ${drivers.map((driver) => driver.driverId).join()}${left.map((id) => ` -${id}`).join("")}`),
    onConnection: (connection) => void connections.push(connection),
    ...options,
  });
  // Within the test: a timer that is cleared later would take one of the next test's mocked timers with it.
  t.after(async () => {
    feed.close();
    await settle();
  });
  return { feed, streams, told, connections };
}

test("a viewport is watched: its snapshot, its deltas, the whole fleet's counts", async (t) => {
  const { feed, streams, told, connections } = setUp(t, { minFrameIntervalMs: 250 });
  feed.show(here);
  await settle();
  const { request, channel } = streams[0]!;
  assert.deepEqual([request.viewport?.south, request.viewport?.east, request.minFrameInterval?.nanos], [41, -8, 250_000_000]);
  assert.equal(connections.at(-1)?.kind, "connecting");
  channel.send(whole("a", "b"));
  channel.send(frame({ drivers: [{ slot: 1, latitudeE7: 9 }], leftSlots: [0], counts: { connected: 7 } }));
  await settle();
  assert.equal(connections.at(-1)?.kind, "live");
  assert.deepEqual(told, ["whole a,b", "delta b -a"]);
  assert.equal(feed.counts?.connected, 7);
  assert.deepEqual([...feed.drivers].map((driver) => [driver.driverId, driver.latitudeE7]), [["b", 9]]);
  feed.close();
  assert.deepEqual(await feed.ended, { kind: "aborted" });
  await settle();
  assert.equal(streams[0]!.signal.aborted, true);
});

test("while the viewport changes, the old stream goes on until the new one's snapshot is complete", async (t) => {
  const { feed, streams, told } = setUp(t);
  feed.show(here);
  await settle();
  streams[0]!.channel.send(whole("a"));
  await settle();
  feed.show(there);
  await settle();
  assert.deepEqual([feed.openStreams, feed.watched], [2, there]);
  streams[1]!.channel.send(frame({ snapshot: true, drivers: [{ slot: 0, driverId: "z" }] }));
  streams[0]!.channel.send(frame({ drivers: [{ slot: 0, latitudeE7: 1 }] }));
  await settle();
  assert.deepEqual(told, ["whole a", "delta a"], "slot 0 of one stream is not slot 0 of the other");
  streams[1]!.channel.send(frame({ snapshot: true, snapshotComplete: true, drivers: [{ slot: 1, driverId: "y" }] }));
  await settle();
  assert.deepEqual(told.slice(2), ["whole z,y"]);
  assert.equal(feed.openStreams, 1);
  assert.equal(streams[0]!.signal.aborted, true);
  streams[1]!.channel.send(frame({ drivers: [{ slot: 0, latitudeE7: 1 }] }));
  await settle();
  assert.equal(told.at(-1), "delta z");
});

test("a viewport that is asked for before the one before has come takes its place", async (t) => {
  const { feed, streams, told } = setUp(t);
  feed.show(here);
  await settle();
  feed.show(there);
  await settle();
  assert.deepEqual([streams[0]!.signal.aborted, feed.openStreams], [true, 1]);
  streams[1]!.channel.send(whole("b"));
  await settle();
  assert.deepEqual(told, ["whole b"]);
});

test("a lost stream is opened again for the viewport that is wanted by then", async (t) => {
  const { feed, streams, told, connections } = setUp(t);
  feed.show(here);
  await settle();
  streams[0]!.channel.send(whole("a"));
  streams[0]!.channel.fail(new ConnectError("gone", Code.Unavailable));
  await settle();
  const waiting = connections.at(-1);
  assert.ok(waiting?.kind === "waiting" && waiting.failures === 1 && waiting.error.rawMessage === "gone");
  feed.show(there);
  await settle();
  assert.equal(streams.length, 1, "while it waits, the viewport is only noted");
  await pass(t, 500);
  assert.equal(streams[1]!.request.viewport?.south, 51);
  streams[1]!.channel.end();
  await pass(t, 999);
  assert.equal(streams.length, 2, "the second wait is longer");
  await pass(t, 1);
  streams[2]!.channel.send(whole("c"));
  await settle();
  assert.deepEqual(told, ["whole a", "whole c"]);
  assert.equal(connections.at(-1)?.kind, "live");
});

test("when the next stream fails, the present one goes on", async (t) => {
  const { feed, streams, told, connections } = setUp(t);
  feed.show(here);
  await settle();
  streams[0]!.channel.send(whole("a"));
  await settle();
  feed.show(there);
  await settle();
  streams[1]!.channel.fail(new ConnectError("too many", Code.ResourceExhausted));
  await settle();
  assert.equal(connections.at(-1)?.kind, "waiting");
  streams[0]!.channel.send(frame({ drivers: [{ slot: 0, latitudeE7: 1 }] }));
  await pass(t, 500);
  streams[2]!.channel.send(whole("b"));
  await settle();
  assert.deepEqual(told, ["whole a", "delta a", "whole b"]);
});

test("when the present stream fails while the next is under way, nothing is waited for", async (t) => {
  const { feed, streams, told, connections } = setUp(t);
  feed.show(here);
  await settle();
  streams[0]!.channel.send(whole("a"));
  await settle();
  feed.show(there);
  await settle();
  streams[0]!.channel.fail(new ConnectError("gone", Code.Unavailable));
  await settle();
  assert.equal(connections.some(({ kind }) => kind === "waiting"), false);
  streams[1]!.channel.send(whole("b"));
  await settle();
  assert.deepEqual(told, ["whole a", "whole b"]);
});

test("silence is a dead connection", async (t) => {
  const { feed, streams, connections } = setUp(t);
  feed.show(here);
  await settle();
  streams[0]!.channel.send(whole("a"));
  await pass(t, 8_499);
  assert.equal(connections.at(-1)?.kind, "live");
  await pass(t, 1);
  assert.equal(connections.at(-1)?.kind, "waiting");
  assert.equal(streams[0]!.signal.aborted, true);
});

test("when the network is back, the stream is opened anew at once: beside an open one, and without the rest of a wait", async (t) => {
  const network = fakeNetwork();
  const { feed, streams, told } = setUp(t);
  feed.show(here);
  await settle();
  streams[0]!.channel.send(whole("a"));
  await settle();
  network.comeBack();
  await settle();
  assert.equal(feed.openStreams, 2);
  streams[1]!.channel.send(whole("b"));
  await settle();
  streams[1]!.channel.fail(new ConnectError("gone", Code.Unavailable));
  await settle();
  assert.equal(feed.openStreams, 0);
  network.comeBack();
  await settle();
  streams[2]!.channel.send(whole("c"));
  await settle();
  assert.deepEqual(told, ["whole a", "whole b", "whole c"]);
  await pass(t, 500);
  assert.equal(streams.length, 3, "the wait is over, too");
});

test("waiting for a person to give a token is no silence", async (t) => {
  let give = (_: string) => {};
  const tokens = new TokenSource(() => new Promise((resolve) => (give = resolve)));
  const { feed, streams, connections } = setUp(t, { tokens });
  feed.show(here);
  await pass(t, 600_000);
  assert.deepEqual([streams.length, connections.at(-1)?.kind], [0, "connecting"]);
  give("pasted");
  await settle();
  assert.equal(streams.length, 1);
});

test("a newer token opens the stream anew, without a gap", async (t) => {
  let now = 0;
  let count = 0;
  const tokens = new TokenSource(async () => jwt({ iat: 0, exp: 100, count: count++ }), () => now);
  const { feed, streams, told } = setUp(t, { tokens });
  feed.show(here);
  await settle();
  streams[0]!.channel.send(whole("a"));
  await settle();
  now = 60_000;
  // The server is heard of all the while.
  for (let second = 0; second < 60; second++) {
    streams[0]!.channel.send(frame({ counts: {} }));
    await pass(t, 1_000);
  }
  assert.equal(feed.openStreams, 2);
  streams[1]!.channel.send(whole("b"));
  await settle();
  assert.deepEqual([feed.openStreams, told.at(-1)], [1, "whole b"]);
  tokens.close();
});

test("a refusal ends the feed", async (t) => {
  const { feed, streams } = setUp(t);
  feed.show(here);
  await settle();
  streams[0]!.channel.fail(new ConnectError("not for you", Code.PermissionDenied));
  const end = await feed.ended;
  assert.ok(end.kind === "refused" && end.error.code === Code.PermissionDenied);
  feed.show(there);
  await settle();
  assert.equal(streams.length, 1);
});

test("a page that never gives up is told and tries again", async (t) => {
  const { feed, streams, connections } = setUp(t, { isFinal: () => false });
  feed.show(here);
  await settle();
  streams[0]!.channel.fail(new ConnectError("not for you", Code.PermissionDenied));
  await pass(t, 500);
  assert.equal(streams.length, 2);
  assert.ok(connections.some((connection) => connection.kind === "waiting" && connection.error.code === Code.PermissionDenied));
});

test("an abort ends it, also while it waits", async (t) => {
  const abort = new AbortController();
  const { feed, streams } = setUp(t, { signal: abort.signal });
  feed.show(here);
  await settle();
  streams[0]!.channel.fail(new ConnectError("gone", Code.Unavailable));
  await settle();
  abort.abort();
  assert.deepEqual(await feed.ended, { kind: "aborted" });
  await pass(t, 60_000);
  assert.equal(streams.length, 1);
});

test("what a callback throws ends the feed and is told", async (t) => {
  const { feed, streams } = setUp(t, {
    onChange: () => {
      throw new TypeError("the page's own");
    },
  });
  feed.show(here);
  await settle();
  streams[0]!.channel.send(whole("a"));
  await assert.rejects(feed.ended, /the page's own/);
  assert.equal(feed.openStreams, 0);
});
