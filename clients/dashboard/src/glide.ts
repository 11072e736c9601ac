/**
 * Cars glide from where they are shown to where they were last seen, so that a fix each few seconds looks like driving.
 * The vertex shader of `car-layer.ts` computes the same.
 */

/** A glide lasts as long as the time between the last two sightings of the car, within these bounds, in seconds. */
const shortestGlide = 0.25;
const longestGlide = 5;

/** Farther than this in one step, in Mercator units (about 2 km at the equator), a car is set down, not moved. */
const farthestGlide = 2 / 40_075;

export function glideSeconds(secondsSinceLastSighting: number): number {
  return Math.max(shortestGlide, Math.min(longestGlide, secondsSinceLastSighting));
}

export function isGlide(fromX: number, fromY: number, toX: number, toY: number): boolean {
  return Math.abs(toX - fromX) < farthestGlide && Math.abs(toY - fromY) < farthestGlide;
}

/** 0 at the start of the glide, 1 at and after its end. */
export function progress(start: number, duration: number, now: number): number {
  if (duration <= 0) return 1;
  return Math.max(0, Math.min(1, (now - start) / duration));
}

export function mix(from: number, to: number, amount: number): number {
  return from + (to - from) * amount;
}

/** The course that equals `to` and is less than half a turn from `from`, in degrees. */
export function nearestCourse(from: number, to: number): number {
  return to + Math.round((from - to) / 360) * 360;
}
