import type { Car } from "./cars.ts";
import { latitudeOf, longitudeOf, nearestCopy } from "./mercator.ts";

/**
 * The rectangle that holds nearly all cars, west-south and east-north in degrees; undefined without cars. A few far off
 * (a phone left at home in another country) do not make the map show the whole continent.
 */
export function fleetBounds(cars: readonly Car[]): [[number, number], [number, number]] | undefined {
  const first = cars[0];
  if (first === undefined) return undefined;
  const xs = Float64Array.from(cars, (car) => nearestCopy(car.toX, first.toX)).sort();
  const ys = Float64Array.from(cars, (car) => car.toY).sort();
  const cut = Math.floor(cars.length * 0.02);
  const last = cars.length - 1 - cut;
  return [
    [longitudeOf(xs[cut] ?? first.toX), latitudeOf(ys[last] ?? first.toY)],
    [longitudeOf(xs[last] ?? first.toX), latitudeOf(ys[cut] ?? first.toY)],
  ];
}
