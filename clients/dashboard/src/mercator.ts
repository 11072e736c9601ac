/** Web Mercator, as MapLibre's custom layers want it: 0..1 from west to east and from north to south. */

const maxLatitude = 85.051129;

export function mercatorX(longitudeDegrees: number): number {
  return (180 + longitudeDegrees) / 360;
}

export function mercatorY(latitudeDegrees: number): number {
  const latitude = Math.max(-maxLatitude, Math.min(maxLatitude, latitudeDegrees));
  return (180 - (180 / Math.PI) * Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360))) / 360;
}

export function longitudeOf(x: number): number {
  return x * 360 - 180;
}

export function latitudeOf(y: number): number {
  return (360 / Math.PI) * Math.atan(Math.exp(((180 - y * 360) * Math.PI) / 180)) - 90;
}

/** The copy of `x` on the round world that is nearest to `near`. */
export function nearestCopy(x: number, near: number): number {
  return x + Math.round(near - x);
}
