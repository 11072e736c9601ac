import assert from "node:assert/strict";
import { test } from "node:test";
import { cutAt, decodePolyline, metersBetween, type Position } from "../src/route-line.ts";

const metersOf = (line: readonly Position[]) => line.slice(1).reduce((sum, to, index) => sum + metersBetween(line[index]!, to), 0);

test("a polyline is decoded as its inventor's example says", () => {
  assert.deepEqual(decodePolyline("_p~iF~ps|U_ulLnnqC_mqNvxq`@"), [[-120.2, 38.5], [-120.95, 40.7], [-126.453, 43.252]]);
  assert.deepEqual(decodePolyline(""), []);
  assert.throws(() => decodePolyline("_p~iF~ps|"), /broken/);
  assert.throws(() => decodePolyline("_p~iF ~ps|U"), /broken/);
});

test("a line across the antimeridian goes on the short way", () => {
  // 179.9 E, 179.9 W, and back.
  const encoded = encode([[179.9, 10], [-179.9, 10], [179.9, 10.1]]);
  const line = decodePolyline(encoded);
  assert.deepEqual(line, [[179.9, 10], [180.1, 10], [179.9, 10.1]]);
  assert.ok(metersOf(line) < 50_000);
});

function encode(line: readonly Position[]): string {
  let [longitude, latitude, encoded] = [0, 0, ""];
  const add = (value: number) => {
    for (let rest = value < 0 ? ~(value << 1) : value << 1; ; rest >>>= 5) {
      encoded += String.fromCharCode((rest >= 32 ? (rest & 31) | 32 : rest) + 63);
      if (rest < 32) return;
    }
  };
  for (const [east, north] of line.map(([east, north]) => [Math.round(east * 1e5), Math.round(north * 1e5)] as const)) {
    add(north - latitude);
    add(east - longitude);
    [longitude, latitude] = [east, north];
  }
  return encoded;
}

test("a degree of latitude is 111.2 km", () => {
  assert.ok(Math.abs(metersBetween([-8.6, 41], [-8.6, 42]) - 111_195) < 1);
});

test("a line is cut where the metres say, and nothing of it is lost", () => {
  const line: Position[] = [[-8.62, 41.16], [-8.61, 41.16], [-8.61, 41.17], [-8.6, 41.175]];
  const whole = metersOf(line);
  for (const share of [0.001, 0.2, 0.3, 0.5, 0.9, 0.999]) {
    const { behind, ahead } = cutAt(line, whole * share);
    assert.ok(Math.abs(metersOf(behind) - whole * share) < 0.05, `${share}`);
    assert.ok(Math.abs(metersOf(ahead) - whole * (1 - share)) < 0.05, `${share}`);
    assert.deepEqual(behind.at(-1), ahead[0]);
    assert.deepEqual([behind[0], ahead.at(-1)], [line[0], line.at(-1)]);
  }
});

test("a line is cut at its ends and at its points", () => {
  const line: Position[] = [[0, 0], [0.001, 0], [0.002, 0]];
  assert.deepEqual(cutAt(line, 0), { behind: [], ahead: line });
  assert.deepEqual(cutAt(line, -5), { behind: [], ahead: line });
  assert.deepEqual(cutAt(line, 1_000_000), { behind: line, ahead: [] });
  const { behind, ahead } = cutAt(line, metersBetween(line[0]!, line[1]!));
  assert.deepEqual([behind, ahead], [line.slice(0, 2), line.slice(1)]);
  assert.deepEqual(cutAt([], 3), { behind: [], ahead: [] });
  // A point twice, as where a car turns round.
  assert.deepEqual(cutAt([[0, 0], [0, 0], [0.001, 0]], 0).ahead.length, 2);
});
