import type { MapBounds } from "./viewport.ts";

const steps = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];

/** The grid's step in degrees: the finest whose lines are at least `minPixels` apart. */
export function graticuleStep(pixelsPerDegree: number, minPixels = 120): number {
  let best = steps[0] ?? 30;
  for (const step of steps) {
    if (step * pixelsPerDegree >= minPixels) best = step;
  }
  return best;
}

/** Multiples of `step` within the range, free of rounding noise. */
export function ticks(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  const noise = 1e-9;
  for (let index = Math.ceil(from / step - noise); index <= to / step + noise; index++) {
    values.push(Number((index * step).toFixed(6)));
  }
  return values;
}

export interface GraticuleLines {
  readonly type: "FeatureCollection";
  readonly features: {
    type: "Feature";
    properties: { major: boolean };
    geometry: { type: "LineString"; coordinates: [number, number][] };
  }[];
}

/** Lines of latitude and longitude across the bounds; every fifth one is major. */
export function graticuleLines(bounds: MapBounds, step: number): GraticuleLines {
  const south = Math.max(-85, bounds.south);
  const north = Math.min(85, bounds.north);
  const isMajor = (degrees: number) => Math.round(degrees / step) % 5 === 0;
  const line = (degrees: number, coordinates: [number, number][]): GraticuleLines["features"][number] => ({
    type: "Feature",
    properties: { major: isMajor(degrees) },
    geometry: { type: "LineString", coordinates },
  });
  return {
    type: "FeatureCollection",
    features: [
      ...ticks(bounds.west, bounds.east, step).map((x) => line(x, [[x, south], [x, north]])),
      ...ticks(south, north, step).map((y) => line(y, [[bounds.west, y], [bounds.east, y]])),
    ],
  };
}

/** A tick's label: "41.15° N", with as many digits as the step needs. */
export function degreesLabel(degrees: number, step: number, positive: string, negative: string): string {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const side = degrees === 0 ? "" : ` ${degrees > 0 ? positive : negative}`;
  return `${Math.abs(degrees).toFixed(digits)}°${side}`;
}
