import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@ride-tracking/client";
import { IncidentSchema, IncidentState, type Incident } from "@ride-tracking/client/v1/incident";
import { TripActor } from "@ride-tracking/client/v1/trip";
import { IncidentBook } from "../src/incident-book.ts";
import { describeIncident } from "../src/incident-panel.ts";

const incident = (incidentId: string, version: number, state = IncidentState.OPEN): Incident =>
  create(IncidentSchema, { incidentId, version: BigInt(version), state });

const openIds = (book: IncidentBook) => book.open.map((one) => one.incidentId);

test("what is open is shown, the newest first, until it is closed", () => {
  const book = new IncidentBook();
  book.begin();
  book.take({ incidents: [incident("a", 1), incident("b", 2)], snapshotComplete: false });
  book.take({ incidents: [], snapshotComplete: true });
  book.take({ incidents: [incident("c", 3)], snapshotComplete: true });
  assert.deepEqual(openIds(book), ["c", "b", "a"]);
  book.take({ incidents: [incident("b", 4, IncidentState.CLOSED)], snapshotComplete: true });
  assert.deepEqual(openIds(book), ["c", "a"]);
});

test("what comes twice or late changes nothing", () => {
  const book = new IncidentBook();
  book.begin();
  book.take({ incidents: [incident("a", 1)], snapshotComplete: true });
  book.takeOne(incident("a", 2, IncidentState.CLOSED));
  book.take({ incidents: [incident("a", 1)], snapshotComplete: true });
  assert.deepEqual(openIds(book), []);
});

test("after a break the list stays until the next stream has told all, and then holds only that", () => {
  const book = new IncidentBook();
  book.begin();
  book.take({ incidents: [incident("a", 1), incident("b", 2)], snapshotComplete: true });
  book.begin();
  book.take({ incidents: [incident("b", 2)], snapshotComplete: false });
  assert.deepEqual(openIds(book), ["b", "a"]);
  book.take({ incidents: [], snapshotComplete: true });
  assert.deepEqual(openIds(book), ["b"]);
});

test("what a new stream tells holds, though its version is lower: the store has lost what an earlier one told", () => {
  const book = new IncidentBook();
  book.begin();
  book.take({ incidents: [incident("a", 1), incident("b", 7, IncidentState.CLOSED)], snapshotComplete: true });
  book.begin();
  book.take({ incidents: [incident("a", 1), incident("b", 2)], snapshotComplete: true });
  assert.deepEqual(openIds(book), ["b", "a"]);
  book.take({ incidents: [incident("b", 3, IncidentState.CLOSED)], snapshotComplete: true });
  assert.deepEqual(openIds(book), ["a"]);
});

test("what a call has answered is newer than what a stream that was just begun tells", () => {
  const book = new IncidentBook();
  book.begin();
  book.takeOne(incident("a", 2, IncidentState.CLOSED));
  book.take({ incidents: [incident("a", 1)], snapshotComplete: true });
  assert.deepEqual(openIds(book), []);
});

test("closed ones are forgotten, the oldest first, and open ones never", () => {
  const book = new IncidentBook();
  book.take({ incidents: [incident("a", 1, IncidentState.CLOSED), incident("b", 2), incident("c", 3, IncidentState.CLOSED)], snapshotComplete: true });
  book.forgetClosed(1);
  book.take({ incidents: [incident("c", 2)], snapshotComplete: true });
  assert.deepEqual(openIds(book), ["b"]);
});

test("an incident is told with its driver, and with the rider who told of it", () => {
  const driver = { driverId: "d1", displayName: "Ana", licensePlate: "AA-00-BB" };
  assert.equal(describeIncident(create(IncidentSchema, { raisedBy: TripActor.DRIVER, driver })), "Ana · AA-00-BB");
  assert.equal(describeIncident(create(IncidentSchema, { raisedBy: TripActor.DRIVER, driver: { driverId: "d1" } })), "d1");
  assert.equal(describeIncident(create(IncidentSchema, { raisedBy: TripActor.RIDER, riderId: "r1", driver })), "told by rider r1 · Ana · AA-00-BB");
  assert.equal(describeIncident(create(IncidentSchema, { raisedBy: TripActor.RIDER, riderId: "r1" })), "told by rider r1 · no driver");
});
