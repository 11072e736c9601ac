import { latitudeOf, longitudeOf, mercatorX, mercatorY } from "./mercator.ts";

/** Longitude and latitude in degrees. */
export type Position = [longitude: number, latitude: number];

const earthRadiusMeters = 6_371_008.8;

/**
 * Google's encoded polyline with 5 digits. Throws when it ends within a number. A line across the antimeridian goes on beyond 180 degrees, so that it is drawn
 * the short way.
 */
export function decodePolyline(encoded: string): Position[] {
  const line: Position[] = [];
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 5) {
      const group = encoded.charCodeAt(at++) - 63;
      if (!(group >= 0 && group < 64) || shift > 30) throw new Error(`the polyline is broken at character ${at}`);
      value |= (group & 31) << shift;
      if (group < 32) return (value >>> 1) ^ -(value & 1);
    }
  };
  let latitude = 0;
  let longitude = 0;
  while (at < encoded.length) {
    latitude += next();
    longitude += shortWay(next());
    line.push([longitude / 1e5, latitude / 1e5]);
  }
  return line;
}

const fullTurn = 360e5;

function shortWay(turn: number): number {
  return turn > fullTurn / 2 ? turn - fullTurn : turn < -fullTurn / 2 ? turn + fullTurn : turn;
}

/** Along a great circle. */
export function metersBetween([fromLongitude, fromLatitude]: Position, [toLongitude, toLatitude]: Position): number {
  const radians = Math.PI / 180;
  const haversine =
    Math.sin(((toLatitude - fromLatitude) * radians) / 2) ** 2 +
    Math.cos(fromLatitude * radians) * Math.cos(toLatitude * radians) * Math.sin(((toLongitude - fromLongitude) * radians) / 2) ** 2;
  return 2 * earthRadiusMeters * Math.asin(Math.min(1, Math.sqrt(haversine)));
}

/** A line in the part that lies behind and the part ahead; both have the point of the cut. A part of no length is empty. */
export function cutAt(line: readonly Position[], meters: number): { behind: Position[]; ahead: Position[] } {
  let left = meters;
  for (let index = 1; index < line.length; index++) {
    const [from, to] = [line[index - 1]!, line[index]!];
    const length = metersBetween(from, to);
    if (left < length) {
      if (left <= 0) return { behind: index === 1 ? [] : line.slice(0, index), ahead: line.slice(index - 1) };
      const cut = between(from, to, left / length);
      return { behind: [...line.slice(0, index), cut], ahead: [cut, ...line.slice(index)] };
    }
    left -= length;
  }
  return { behind: [...line], ahead: [] };
}

/** On the straight line of the map. */
function between(from: Position, to: Position, share: number): Position {
  const mix = (a: number, b: number) => a + (b - a) * share;
  return [
    longitudeOf(mix(mercatorX(from[0]), mercatorX(to[0]))),
    latitudeOf(mix(mercatorY(from[1]), mercatorY(to[1]))),
  ];
}
