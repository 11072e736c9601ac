import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@ride-tracking/client";
import { FleetDriverSchema, type FleetDriver } from "@ride-tracking/client/v1/fleet";
import { DriverAvailability, DriverLink, DriverWork } from "@ride-tracking/client/v1/trip";
import { CarState } from "../src/car-state.ts";
import { Cars, shownPlace } from "../src/cars.ts";
import { latitudeOf, longitudeOf } from "../src/mercator.ts";

function driver(driverId: string, latitude: number, longitude: number, rest: Partial<FleetDriver> = {}): FleetDriver {
  return create(FleetDriverSchema, {
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

test("a snapshot replaces all cars, and a delta moves one", () => {
  const cars = new Cars();
  cars.replace([driver("anna", 41, -8), driver("bert", 41.1, -8.1)], 10);
  cars.update([driver("bert", 41.1001, -8.1, { work: DriverWork.ON_TRIP })], [], 11);
  assert.equal(cars.find("bert")?.state, CarState.OnTrip);
  assert.equal(cars.find("anna")?.state, CarState.Available);

  cars.replace([driver("bert", 41.1, -8.1), driver("carla", 41.2, -8.1)], 12);
  assert.deepEqual(cars.all.map((car) => car.driverId), ["bert", "carla"]);
  cars.update([driver("bert", 41.5, -8.1)], [], 13);
  assert.ok(Math.abs(latitudeOf(cars.find("bert")!.toY) - 41.5) < 1e-6);
});

test("one who leaves takes only its own car, whatever its place in the buffer", () => {
  const cars = new Cars();
  cars.replace([driver("a", 1, 1), driver("b", 2, 2), driver("c", 3, 3)], 0);
  cars.takeChanged();
  cars.update([], ["a"], 1);
  assert.deepEqual(cars.all.map((car) => car.driverId), ["c", "b"]);
  assert.deepEqual(cars.takeChanged(), [0]);
  cars.update([driver("c", 3.001, 3)], [], 2);
  assert.ok(Math.abs(latitudeOf(cars.find("c")!.toY) - 3.001) < 1e-6);
  cars.update([], ["b", "c", "nobody"], 3);
  assert.equal(cars.all.length, 0);
});

test("one who left and came back is there once", () => {
  const cars = new Cars();
  cars.replace([driver("a", 1, 1)], 0);
  cars.update([], ["a"], 1);
  cars.update([driver("a", 1.2, 1)], [], 2);
  assert.equal(cars.all.length, 1);
  assert.equal(cars.indexOf("a"), 0);
});

test("a car glides from where it is shown, over the time between its last two fixes", () => {
  const cars = new Cars();
  cars.replace([driver("a", 41, -8, { courseDegrees: 350 })], 100);
  cars.update([driver("a", 41, -7.999, { courseDegrees: 10 })], [], 101);
  const car = cars.find("a")!;
  const half = shownPlace(car, 101.5);
  assert.ok(Math.abs(longitudeOf(half.x) - -7.9995) < 1e-6);
  assert.equal(half.courseDegrees, 360, "turns the short way, through north");
  assert.ok(Math.abs(longitudeOf(shownPlace(car, 109).x) - -7.999) < 1e-9, "and stops there");
  assert.equal(cars.stillAfter, 102);
});

test("a car that jumps is set down, not slid across the city", () => {
  const cars = new Cars();
  cars.replace([driver("a", 41, -8)], 0);
  cars.update([driver("a", 42, -8)], [], 1);
  assert.ok(Math.abs(latitudeOf(shownPlace(cars.find("a")!, 1).y) - 42) < 1e-6);
});

test("a car glides on across a new snapshot", () => {
  const cars = new Cars();
  cars.replace([driver("a", 41, -8)], 0);
  cars.update([driver("a", 41, -7.999)], [], 1);
  cars.replace([driver("a", 41, -7.999)], 1.5);
  assert.ok(longitudeOf(shownPlace(cars.find("a")!, 1.5).x) < -7.9994);
});

test("a glide over the antimeridian takes the short way", () => {
  const cars = new Cars();
  cars.replace([driver("a", 10, 179.9995)], 0);
  cars.update([driver("a", 10, -179.9995)], [], 1);
  const x = shownPlace(cars.find("a")!, 1.5).x;
  assert.ok(Math.abs(Math.abs(longitudeOf(x)) - 180) < 1e-6);
});

test("a click finds the nearest car within its radius, also from the other side of the antimeridian", () => {
  const cars = new Cars();
  cars.replace([driver("far", 0, 179.9), driver("near", 0, 179.999)], 0);
  assert.equal(cars.nearest(-0.00001, 0.5, 0.001, 0)?.driverId, "near");
  assert.equal(cars.nearest(0.25, 0.5, 0.001, 0), undefined);
});

test("a lost link keeps the state and marks the car", () => {
  const cars = new Cars();
  cars.replace([driver("a", 0, 0, { work: DriverWork.TO_PICKUP, link: DriverLink.LOST })], 0);
  assert.equal(cars.find("a")?.state, CarState.ToPickup);
  assert.equal(cars.find("a")?.isLost, true);
});
