import type { Car } from "./cars.ts";

/** The median age of the positions in seconds, of a sample when there are many cars; undefined without cars. */
export function medianFixAge(cars: readonly Car[], now: number, sampleSize = 500): number | undefined {
  const stride = Math.max(1, Math.floor(cars.length / sampleSize));
  const ages: number[] = [];
  for (let index = 0; index < cars.length; index += stride) {
    const car = cars[index];
    if (car !== undefined) ages.push(now - car.fixedAt);
  }
  ages.sort((a, b) => a - b);
  return ages[ages.length >> 1];
}
