import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import type { Connection } from "../src/end.js";
import { followTrip } from "../src/follow-trip.js";
import { RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { RiderService, WatchTripResponseSchema, type RequestTripRequest, type WatchTripRequest, type WatchTripResponse } from "../src/gen/ridetracking/v1/rider_pb.js";
import { TripState, type Trip } from "../src/gen/ridetracking/v1/trip_pb.js";
import { TokenSource } from "../src/tokens.js";
import { authorize } from "../src/transport.js";
import type { TripView } from "../src/trip-view.js";
import type { FollowOptions } from "../src/watch-view.js";
import { Channel, fakeNetwork, pass, settle } from "./support.js";

type News = MessageInitShape<typeof WatchTripResponseSchema>;
const news = (init: News) => create(WatchTripResponseSchema, init);
const driver = { driverId: "d1" };

/** A server whose streams a test speaks for, one after the other. */
function fakeServer(answer: (request: RequestTripRequest, call: number) => { trip: { tripId: string } } = () => ({ trip: { tripId: "t1" } })) {
  const requests: RequestTripRequest[] = [];
  const streams: Channel<WatchTripResponse>[] = [];
  const authorizations: (string | null)[] = [];
  const tokens = { count: 0 };
  const transport = createRouterTransport(
    ({ rpc }) => {
      rpc(RiderService.method.requestTrip, (request: RequestTripRequest) => answer(request, requests.push(request)));
      rpc(RiderService.method.watchTrip, (_: WatchTripRequest, context: HandlerContext) => {
        authorizations.push(context.requestHeader.get("authorization"));
        const stream = new Channel<WatchTripResponse>();
        streams.push(stream);
        return stream.read(context.signal);
      });
    },
    { transport: { interceptors: [authorize(new TokenSource(async () => `t${++tokens.count}`))] } },
  );
  return { client: createClient(RiderService, transport), requests, streams, authorizations };
}

function listener(options: Partial<FollowOptions<Trip>> = {}) {
  const views: TripView<Trip>[] = [];
  const connections: Connection[] = [];
  return {
    views,
    connections,
    options: {
      ...options,
      random: () => 1,
      onView: (view: TripView<Trip>) => void views.push(view),
      onConnection: (connection: Connection) => void connections.push(connection),
    },
  };
}

test("a ride is asked for with the same id until there is an answer, and followed until it is over", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const server = fakeServer((_, call) => {
    if (call === 1) throw new ConnectError("later", Code.ResourceExhausted, undefined, [{ desc: RetryInfoSchema, value: { retryDelay: { seconds: 3n } } }]);
    if (call === 2) throw new ConnectError("gone", Code.Unavailable);
    return { trip: { tripId: "t1" } };
  });
  const { views, connections, options } = listener();
  const ended = followTrip(server.client, { riderId: "r1", partySize: 1 }, options);
  await pass(t, 5_999);
  assert.equal(server.requests.length, 1, "not before the wait that was asked for, and its spread");
  await pass(t, 1);
  await pass(t, 1_000);
  assert.equal(server.requests.length, 3);
  assert.match(server.requests[0]!.requestId, /^[0-9a-f]{32}$/);
  assert.equal(new Set(server.requests.map((request) => request.requestId)).size, 1);

  server.streams[0]!.send(news({ trip: { tripId: "t1", state: TripState.SEARCHING } }));
  await settle();
  assert.equal(connections.at(-1)?.kind, "live");
  server.streams[0]!.send(news({ trip: { tripId: "t1", state: TripState.COMPLETED } }));
  const end = await ended;
  assert.ok(end.kind === "over" && end.trip.state === TripState.COMPLETED);
  assert.deepEqual(views.map((view) => view.trip.state), [TripState.SEARCHING, TripState.COMPLETED]);
});

test("a request id of the app's own is kept", async () => {
  const server = fakeServer();
  const abort = new AbortController();
  const ended = followTrip(server.client, { requestId: "mine" }, listener({ signal: abort.signal }).options);
  await settle();
  abort.abort();
  assert.deepEqual(await ended, { kind: "aborted" });
  assert.equal(server.requests[0]!.requestId, "mine");
});

test("a lost stream is mended; the car stays where it was seen, with its age, until it is seen again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const server = fakeServer();
  const abort = new AbortController();
  const { views, connections, options } = listener({ signal: abort.signal });
  const ended = followTrip(server.client, "t1", options);
  await settle();
  const first = server.streams[0]!;
  const route = { version: 4n, encodedPolyline: "abc" };
  first.send(news({ trip: { version: 1n, state: TripState.EN_ROUTE_TO_PICKUP, driver, route } }));
  first.send(news({ position: { location: { latitude: 41, longitude: -8 }, age: { seconds: 2n } }, progress: { routeVersion: 4n, drivenMeters: 10 } }));
  first.send(news({ trip: { version: 2n, state: TripState.EN_ROUTE_TO_PICKUP, driver, route: { version: 4n } } }));
  await settle();
  assert.equal(views.length, 3);
  assert.equal(views[2]!.trip.route?.encodedPolyline, "abc", "the polyline that was left out is there");
  const seen = views[2]!.vehicle!;
  assert.equal(seen.ageMs(seen.fixedAt + 7_000), 7_000);
  assert.ok(seen.ageMs() >= 2_000);
  assert.equal(views[2]!.progress?.drivenMeters, 10);

  first.fail(new ConnectError("gone", Code.Unavailable));
  await settle();
  const waiting = connections.at(-1);
  assert.ok(waiting?.kind === "waiting" && waiting.failures === 1 && waiting.error.code === Code.Unavailable);
  await pass(t, 500);
  server.streams[1]!.send(news({ trip: { version: 2n, state: TripState.EN_ROUTE_TO_PICKUP, driver, route: { version: 4n } } }));
  await settle();
  assert.equal(views[3]!.trip.route?.encodedPolyline, "", "another stream's way is not taken for this one's");
  assert.equal(views[3]!.vehicle, seen);

  server.streams[1]!.send(news({ trip: { version: 3n, state: TripState.SEARCHING } }));
  await settle();
  assert.equal(views[4]!.vehicle, undefined, "nobody's car is shown");
  server.streams[1]!.send(news({ trip: { version: 4n, state: TripState.ASSIGNED, driver: { driverId: "d2" } } }));
  await settle();
  assert.equal(views[5]!.vehicle, undefined, "nor the former one's for the next");

  server.streams[1]!.send(news({ position: { age: {} } }));
  server.streams[1]!.send(news({ trip: { version: 5n, state: TripState.ASSIGNED, driver: { driverId: "d3" } } }));
  await settle();
  assert.ok(views[6]!.vehicle !== undefined && views[7]!.vehicle === undefined, "also when another takes over without a search between");

  server.streams[1]!.end();
  await pass(t, 500);
  assert.equal(server.streams.length, 3, "an end in good order is not the trip's end");
  abort.abort();
  assert.deepEqual(await ended, { kind: "aborted" });
});

test("progress on another route than the trip's is not told", async () => {
  const server = fakeServer();
  const abort = new AbortController();
  const { views, options } = listener({ signal: abort.signal });
  const ended = followTrip(server.client, "t1", options);
  await settle();
  server.streams[0]!.send(news({ trip: { state: TripState.ASSIGNED, driver, route: { version: 5n, encodedPolyline: "x" } } }));
  server.streams[0]!.send(news({ position: {}, progress: { routeVersion: 4n, drivenMeters: 10 } }));
  await settle();
  assert.ok(views[1]!.vehicle !== undefined && views[1]!.progress === undefined);
  abort.abort();
  await ended;
});

test("a silent stream is opened anew", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const server = fakeServer();
  const abort = new AbortController();
  const { connections, options } = listener({ signal: abort.signal });
  const ended = followTrip(server.client, "t1", options);
  await pass(t, 59_999);
  assert.equal(server.streams.length, 1);
  await pass(t, 1);
  const waiting = connections.at(-1);
  assert.ok(waiting?.kind === "waiting" && waiting.error.rawMessage === "nothing was heard from the server");
  await pass(t, 500);
  assert.equal(server.streams.length, 2);
  abort.abort();
  await ended;
  await settle();
});

test("when the network is back, a stream that may be dead is opened anew at once, and a wait ends", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const network = fakeNetwork();
  const server = fakeServer();
  const abort = new AbortController();
  const ended = followTrip(server.client, "t1", listener({ signal: abort.signal }).options);
  await settle();
  network.comeBack();
  await settle();
  assert.equal(server.streams.length, 2);
  server.streams[1]!.fail(new ConnectError("gone", Code.Unavailable));
  await settle();
  network.comeBack();
  await settle();
  assert.equal(server.streams.length, 3);
  abort.abort();
  assert.deepEqual(await ended, { kind: "aborted" });
  await settle();
});

test("an old token is replaced at once, and a new one that is refused, too, ends it", async () => {
  const server = fakeServer();
  const { options } = listener();
  const ended = followTrip(server.client, "t1", options);
  await settle();
  server.streams[0]!.send(news({ trip: { state: TripState.SEARCHING } }));
  server.streams[0]!.fail(new ConnectError("past its time", Code.Unauthenticated));
  await settle();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(server.authorizations, ["Bearer t1", "Bearer t2"]);
  server.streams[1]!.fail(new ConnectError("unknown", Code.Unauthenticated));
  const end = await ended;
  assert.ok(end.kind === "refused" && end.error.code === Code.Unauthenticated);
});

test("a refusal ends it, of the request as well as of the watch", async () => {
  const { options } = listener();
  const refusing = fakeServer(() => {
    throw new ConnectError("outside", Code.FailedPrecondition);
  });
  const refused = await followTrip(refusing.client, {}, options);
  assert.ok(refused.kind === "refused" && refused.error.code === Code.FailedPrecondition);

  const server = fakeServer();
  const ended = followTrip(server.client, "gone", options);
  await settle();
  server.streams[0]!.fail(new ConnectError("no such trip", Code.NotFound));
  const end = await ended;
  assert.ok(end.kind === "refused" && end.error.code === Code.NotFound);
});

test("what a callback throws is told to who follows, and ends the stream", async () => {
  const server = fakeServer();
  const ended = followTrip(server.client, "t1", {
    onView: () => {
      throw new TypeError("the app's own");
    },
  });
  await settle();
  server.streams[0]!.send(news({ trip: { state: TripState.SEARCHING } }));
  await assert.rejects(ended, /the app's own/);
  assert.equal(server.streams.length, 1);
});

test("an abort ends the wait between two tries of the request", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const server = fakeServer(() => {
    throw new ConnectError("gone", Code.Unavailable);
  });
  const abort = new AbortController();
  const ended = followTrip(server.client, {}, listener({ signal: abort.signal }).options);
  await settle();
  abort.abort();
  assert.deepEqual(await ended, { kind: "aborted" });
  assert.equal(server.requests.length, 1);
  await settle();
});

test("a signal that has aborted before asks for nothing", async () => {
  const server = fakeServer();
  const { options } = listener({ signal: AbortSignal.abort() });
  assert.deepEqual(await followTrip(server.client, {}, options), { kind: "aborted" });
  assert.deepEqual(await followTrip(server.client, "t1", options), { kind: "aborted" });
  assert.deepEqual([server.requests.length, server.streams.length], [0, 0]);
});
