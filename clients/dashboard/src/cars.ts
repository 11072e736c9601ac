import type { FleetDriver } from "@ride-tracking/client/v1/fleet";
import { carState, isLost, type CarState } from "./car-state.ts";
import { glideSeconds, isGlide, mix, nearestCourse, progress } from "./glide.ts";
import { mercatorX, mercatorY, nearestCopy } from "./mercator.ts";
import type { Stretch } from "./trails.ts";

/** A car as the map knows it. Places are in Mercator units, courses in degrees, times in the page's seconds. */
export interface Car {
  readonly driverId: string;
  state: CarState;
  isLost: boolean;
  hasCourse: boolean;
  fromX: number;
  fromY: number;
  fromCourse: number;
  toX: number;
  toY: number;
  toCourse: number;
  glideStart: number;
  glideDuration: number;
  /** When the fix was taken, by the page's clock. */
  fixedAt: number;
}

export interface Place {
  x: number;
  y: number;
  courseDegrees: number;
}

/** Where the car is shown at this moment. */
export function shownPlace(car: Car, now: number): Place {
  const amount = progress(car.glideStart, car.glideDuration, now);
  return {
    x: mix(car.fromX, car.toX, amount),
    y: mix(car.fromY, car.toY, amount),
    courseDegrees: mix(car.fromCourse, car.toCourse, amount),
  };
}

/**
 * The cars in view, in a dense array whose order is that of the GPU's buffer. Frames go in; the layer asks what changed.
 */
export class Cars {
  readonly all: Car[] = [];
  /** No car moves after this, in the page's seconds. */
  stillAfter = 0;
  /** Told of each stretch that a car drives on; not of cars that are set down elsewhere. */
  onDriven: ((stretch: Stretch) => void) | undefined;
  private readonly byId = new Map<string, number>();
  private readonly changed = new Set<number>();

  /** The cars of a complete snapshot. A car known before glides on; one that is not in it goes. */
  replace(drivers: readonly FleetDriver[], now: number): void {
    const known = new Map(this.all.map((car) => [car.driverId, car]));
    this.all.length = 0;
    this.byId.clear();
    for (const driver of drivers) {
      if (this.byId.has(driver.driverId)) continue;
      const car = known.get(driver.driverId);
      if (car !== undefined) this.moveCar(car, driver, now);
      this.append(car ?? newCar(driver, now));
    }
    this.changed.clear();
    for (let index = 0; index < this.all.length; index++) this.changed.add(index);
  }

  /** A delta: drivers that changed or came, and those that left. */
  update(drivers: readonly FleetDriver[], left: readonly string[], now: number): void {
    for (const driverId of left) this.remove(driverId);
    for (const driver of drivers) {
      const index = this.byId.get(driver.driverId);
      const car = index === undefined ? undefined : this.all[index];
      if (index !== undefined && car !== undefined) {
        this.moveCar(car, driver, now);
        this.changed.add(index);
      } else {
        this.append(newCar(driver, now));
        this.changed.add(this.all.length - 1);
      }
    }
  }

  find(driverId: string): Car | undefined {
    const index = this.byId.get(driverId);
    return index === undefined ? undefined : this.all[index];
  }

  indexOf(driverId: string): number {
    return this.byId.get(driverId) ?? -1;
  }

  /** The car shown nearest to a place, if within the radius (all in Mercator units). */
  nearest(x: number, y: number, radius: number, now: number): Car | undefined {
    let best: Car | undefined;
    let bestDistance = radius * radius;
    for (const car of this.all) {
      const place = shownPlace(car, now);
      const dx = nearestCopy(place.x, x) - x;
      const dy = place.y - y;
      const distance = dx * dx + dy * dy;
      if (distance <= bestDistance) {
        best = car;
        bestDistance = distance;
      }
    }
    return best;
  }

  /** The indices whose car is another or changed since the last call. */
  takeChanged(): number[] {
    const indices = [...this.changed].filter((index) => index < this.all.length);
    this.changed.clear();
    return indices;
  }

  private append(car: Car): void {
    this.byId.set(car.driverId, this.all.length);
    this.all.push(car);
    this.stillAfter = Math.max(this.stillAfter, car.glideStart + car.glideDuration);
  }

  /** The last car takes the place of the one that leaves. */
  private remove(driverId: string): void {
    const index = this.byId.get(driverId);
    const last = this.all.at(-1);
    if (index === undefined || last === undefined) return;
    this.all.pop();
    this.byId.delete(driverId);
    if (last.driverId === driverId) return;
    this.all[index] = last;
    this.byId.set(last.driverId, index);
    this.changed.add(index);
  }

  private moveCar(car: Car, driver: FleetDriver, now: number): void {
    const shown = shownPlace(car, now);
    const x = mercatorX(driver.longitudeE7 / 1e7);
    const y = mercatorY(driver.latitudeE7 / 1e7);
    const fixedAt = now - driver.ageMs / 1000;
    const fromX = nearestCopy(shown.x, x);
    const glides = isGlide(fromX, shown.y, x, y);
    const isElsewhere = x !== nearestCopy(car.toX, x) || y !== car.toY;
    const course = nearestCourse(car.toCourse, driver.courseDegrees ?? car.toCourse);
    if (isElsewhere || course !== car.toCourse) {
      const duration = glides ? glideSeconds(fixedAt - car.fixedAt) : 0;
      if (isElsewhere && glides) {
        this.onDriven?.({ fromX: car.toX, fromY: car.toY, toX: x, toY: y, start: now, duration });
      }
      car.toCourse = nearestCourse(shown.courseDegrees, course);
      car.fromCourse = glides ? shown.courseDegrees : car.toCourse;
      car.fromX = glides ? fromX : x;
      car.fromY = glides ? shown.y : y;
      car.toX = x;
      car.toY = y;
      car.glideDuration = duration;
      car.glideStart = now;
      this.stillAfter = Math.max(this.stillAfter, now + car.glideDuration);
    }
    car.fixedAt = fixedAt;
    applyStatus(car, driver);
  }
}

function newCar(driver: FleetDriver, now: number): Car {
  const x = mercatorX(driver.longitudeE7 / 1e7);
  const y = mercatorY(driver.latitudeE7 / 1e7);
  const course = driver.courseDegrees ?? 0;
  const car: Car = {
    driverId: driver.driverId,
    state: 0,
    isLost: false,
    hasCourse: false,
    fromX: x,
    fromY: y,
    fromCourse: course,
    toX: x,
    toY: y,
    toCourse: course,
    glideStart: now,
    glideDuration: 0,
    fixedAt: now - driver.ageMs / 1000,
  };
  applyStatus(car, driver);
  return car;
}

function applyStatus(car: Car, driver: FleetDriver): void {
  car.state = carState(driver.work, driver.availability);
  car.isLost = isLost(driver.link);
  // A car that stops keeps the course it came with.
  car.hasCourse ||= driver.courseDegrees !== undefined;
}
