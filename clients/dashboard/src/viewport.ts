import type { ViewportDegrees } from "@ride-tracking/client";

/** What `Map.getBounds()` tells: its longitudes may lie beyond ±180. */
export interface MapBounds {
  readonly south: number;
  readonly west: number;
  readonly north: number;
  readonly east: number;
}

export const wholeWorld: ViewportDegrees = { south: -90, west: -180, north: 90, east: 180 };

export function wrapLongitude(degrees: number): number {
  if (degrees >= -180 && degrees <= 180) return degrees;
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}

/** The bounds with a margin on each side (a share of their size), as the server wants a viewport. */
export function viewportOf(bounds: MapBounds, margin: number): ViewportDegrees {
  const width = bounds.east - bounds.west;
  const height = bounds.north - bounds.south;
  const south = Math.max(-90, bounds.south - height * margin);
  const north = Math.min(90, bounds.north + height * margin);
  if (width * (1 + 2 * margin) >= 360) return { south, west: -180, north, east: 180 };
  return {
    south,
    west: wrapLongitude(bounds.west - width * margin),
    north,
    east: wrapLongitude(bounds.east + width * margin),
  };
}

export function widthDegrees(viewport: ViewportDegrees): number {
  const width = viewport.east - viewport.west;
  return width < 0 ? width + 360 : width;
}

/** Whether all of `inner` lies in `outer`. */
export function contains(outer: ViewportDegrees, inner: ViewportDegrees): boolean {
  if (inner.south < outer.south || inner.north > outer.north) return false;
  const width = widthDegrees(outer);
  if (width >= 360) return true;
  const offset = (((inner.west - outer.west) % 360) + 360) % 360;
  return offset + widthDegrees(inner) <= width;
}

/** Whether a stream of `watched` serves a map that shows `shown`: all of it, and not a great deal more. */
export function serves(watched: ViewportDegrees, shown: ViewportDegrees): boolean {
  const area = (viewport: ViewportDegrees) => widthDegrees(viewport) * (viewport.north - viewport.south);
  return contains(watched, shown) && area(watched) <= 16 * area(shown);
}
