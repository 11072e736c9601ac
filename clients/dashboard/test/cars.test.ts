import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { CarState } from "../src/car-state.ts";
import { Cars, shownPlace } from "../src/cars.ts";
import { FleetDriverSchema, type FleetDriver } from "../src/gen/ridetracking/v1/fleet_pb.ts";
import { DriverAvailability, DriverLink, DriverWork } from "../src/gen/ridetracking/v1/trip_pb.ts";
import { latitudeOf, longitudeOf } from "../src/mercator.ts";

function driver(slot: number, driverId: string, latitude: number, longitude: number, rest: Partial<FleetDriver> = {}): FleetDriver {
  return create(FleetDriverSchema, {
    slot,
    driverId,
    latitudeE7: Math.round(latitude * 1e7),
    longitudeE7: Math.round(longitude * 1e7),
    courseDegrees: 90,
    availability: DriverAvailability.AVAILABLE,
    work: DriverWork.IDLE,
    link: DriverLink.CONNECTED,
    ageMs: 500,
    ...(rest as object),
  });
}

test("a snapshot replaces all cars, and a delta finds a car by its slot alone", () => {
  const cars = new Cars();
  cars.replace([driver(7, "anna", 41, -8), driver(9, "bert", 41.1, -8.1)], 10);
  cars.update([driver(9, "", 41.1001, -8.1, { work: DriverWork.ON_TRIP })], [], 11);
  assert.equal(cars.find("bert")?.state, CarState.OnTrip);
  assert.equal(cars.find("anna")?.state, CarState.Available);

  cars.replace([driver(1, "bert", 41.1, -8.1), driver(2, "carla", 41.2, -8.1)], 12);
  assert.deepEqual(cars.all.map((car) => car.driverId), ["bert", "carla"]);
  cars.update([driver(1, "", 41.5, -8.1)], [], 13);
  assert.ok(Math.abs(latitudeOf(cars.find("bert")!.toY) - 41.5) < 1e-6);
});

test("a slot that leaves takes only its own car, whatever its place in the buffer", () => {
  const cars = new Cars();
  cars.replace([driver(0, "a", 1, 1), driver(1, "b", 2, 2), driver(2, "c", 3, 3)], 0);
  cars.takeChanged();
  cars.update([], [0], 1);
  assert.deepEqual(cars.all.map((car) => car.driverId), ["c", "b"]);
  assert.deepEqual(cars.takeChanged(), [0]);
  cars.update([driver(2, "", 3.001, 3)], [], 2);
  assert.ok(Math.abs(latitudeOf(cars.find("c")!.toY) - 3.001) < 1e-6);
  cars.update([], [1, 2], 3);
  assert.equal(cars.all.length, 0);
});

test("a slot that left and came back is added with the id it is sent with", () => {
  const cars = new Cars();
  cars.replace([driver(4, "a", 1, 1)], 0);
  cars.update([], [4], 1);
  cars.update([driver(4, "a", 1.2, 1)], [], 2);
  assert.equal(cars.all.length, 1);
  assert.equal(cars.indexOf("a"), 0);
});

test("a car glides from where it is shown, over the time between its last two fixes", () => {
  const cars = new Cars();
  cars.replace([driver(0, "a", 41, -8, { courseDegrees: 350 })], 100);
  cars.update([driver(0, "", 41, -7.999, { courseDegrees: 10 })], [], 101);
  const car = cars.find("a")!;
  const half = shownPlace(car, 101.5);
  assert.ok(Math.abs(longitudeOf(half.x) - -7.9995) < 1e-6);
  assert.equal(half.courseDegrees, 360, "turns the short way, through north");
  assert.ok(Math.abs(longitudeOf(shownPlace(car, 109).x) - -7.999) < 1e-9, "and stops there");
  assert.equal(cars.stillAfter, 102);
});

test("a car that jumps is set down, not slid across the city", () => {
  const cars = new Cars();
  cars.replace([driver(0, "a", 41, -8)], 0);
  cars.update([driver(0, "", 42, -8)], [], 1);
  assert.ok(Math.abs(latitudeOf(shownPlace(cars.find("a")!, 1).y) - 42) < 1e-6);
});

test("a car glides on across a new snapshot", () => {
  const cars = new Cars();
  cars.replace([driver(0, "a", 41, -8)], 0);
  cars.update([driver(0, "", 41, -7.999)], [], 1);
  cars.replace([driver(5, "a", 41, -7.999)], 1.5);
  assert.ok(longitudeOf(shownPlace(cars.find("a")!, 1.5).x) < -7.9994);
});

test("a glide over the antimeridian takes the short way", () => {
  const cars = new Cars();
  cars.replace([driver(0, "a", 10, 179.9995)], 0);
  cars.update([driver(0, "", 10, -179.9995)], [], 1);
  const x = shownPlace(cars.find("a")!, 1.5).x;
  assert.ok(Math.abs(Math.abs(longitudeOf(x)) - 180) < 1e-6);
});

test("a click finds the nearest car within its radius, also from the other side of the antimeridian", () => {
  const cars = new Cars();
  cars.replace([driver(0, "far", 0, 179.9), driver(1, "near", 0, 179.999)], 0);
  assert.equal(cars.nearest(-0.00001, 0.5, 0.001, 0)?.driverId, "near");
  assert.equal(cars.nearest(0.25, 0.5, 0.001, 0), undefined);
});

test("a lost link keeps the state and marks the car", () => {
  const cars = new Cars();
  cars.replace([driver(0, "a", 0, 0, { work: DriverWork.TO_PICKUP, link: DriverLink.LOST })], 0);
  assert.equal(cars.find("a")?.state, CarState.ToPickup);
  assert.equal(cars.find("a")?.isLost, true);
});
