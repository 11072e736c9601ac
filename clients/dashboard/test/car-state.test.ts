import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverAvailability, DriverWork } from "@ride-tracking/client/v1/trip";
import { CarState, carState, rgb, stateLooks } from "../src/car-state.ts";

test("work outranks availability", () => {
  assert.equal(carState(DriverWork.ON_TRIP, DriverAvailability.OFFLINE), CarState.OnTrip);
  assert.equal(carState(DriverWork.TO_PICKUP, DriverAvailability.LAST_TRIP), CarState.ToPickup);
  assert.equal(carState(DriverWork.OFFERED, DriverAvailability.AVAILABLE), CarState.Offered);
});

test("an idle driver is available only when it wants trips", () => {
  assert.equal(carState(DriverWork.IDLE, DriverAvailability.AVAILABLE), CarState.Available);
  for (const availability of [DriverAvailability.OFFLINE, DriverAvailability.PAUSED, DriverAvailability.LAST_TRIP]) {
    assert.equal(carState(DriverWork.IDLE, availability), CarState.OffDuty);
  }
});

test("a driver who never said anything is not off duty", () => {
  assert.equal(carState(DriverWork.UNSPECIFIED, DriverAvailability.UNSPECIFIED), CarState.Tracked);
  assert.equal(carState(DriverWork.IDLE, DriverAvailability.UNSPECIFIED), CarState.Tracked);
});

test("every state has a colour of its own", () => {
  assert.equal(stateLooks.length, Object.keys(CarState).length);
  assert.equal(new Set(stateLooks.map((look) => look.color)).size, stateLooks.length);
  assert.deepEqual(rgb("#ff0080"), [1, 0, 128 / 255]);
});
