import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@ride-tracking/client";
import { ZoneKind, ZoneSchema, type Zone } from "@ride-tracking/client/v1/zone";
import { listAllZones, zonesVersion } from "../src/zone-feed.ts";
import { countByKind } from "../src/zone-legend.ts";
import { hatch, zoneLook, zoneLooks, zoneOrder } from "../src/zone-look.ts";
import { zoneFeature } from "../src/zone-shapes.ts";

const square = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]];

function zone(zoneId: string, kind = ZoneKind.GEOFENCE, geoJson: unknown = { type: "Polygon", coordinates: [square] }, version = 1n): Zone {
  return create(ZoneSchema, { zoneId, displayName: `Zone ${zoneId}`, kind, geoJson: JSON.stringify(geoJson), version });
}

test("the zones of all pages come in order, each page asked for by the token of the one before", async () => {
  const asked: string[] = [];
  const pages: Record<string, { zones: Zone[]; nextPageToken: string }> = {
    "": { zones: [zone("a"), zone("b")], nextPageToken: "b" },
    b: { zones: [], nextPageToken: "c" },
    c: { zones: [zone("d")], nextPageToken: "" },
  };
  const zones = await listAllZones(({ pageToken }) => {
    asked.push(pageToken);
    return Promise.resolve(pages[pageToken]!);
  });
  assert.deepEqual(zones.map((zone) => zone.zoneId), ["a", "b", "d"]);
  assert.deepEqual(asked, ["", "b", "c"]);
});

test("a page that fails fails the list, and one that leads back does not go on for ever", async () => {
  await assert.rejects(listAllZones(({ pageToken }) =>
    pageToken === "" ? Promise.resolve({ zones: [zone("a")], nextPageToken: "a" }) : Promise.reject(new Error("gone"))), /gone/);
  await assert.rejects(listAllZones(() => Promise.resolve({ zones: [zone("a")], nextPageToken: "a" })), /circle/);
});

test("a list is another one after a zone came, went or changed", () => {
  const before = [zone("a"), zone("b")];
  assert.equal(zonesVersion(before), zonesVersion([zone("a"), zone("b")]));
  const changed = zone("b", ZoneKind.GEOFENCE, undefined, 2n);
  for (const after of [[zone("a")], [zone("a"), changed], [...before, zone("c")], []]) {
    assert.notEqual(zonesVersion(after), zonesVersion(before));
  }
});

test("each kind has a colour of its own; only no-pick-up is hatched, and a service area has no fill", () => {
  assert.equal(new Set(zoneLooks.map((look) => look.color)).size, 4);
  for (const kind of [ZoneKind.SERVICE_AREA, ZoneKind.GEOFENCE, ZoneKind.NO_PICKUP, ZoneKind.QUEUE]) {
    assert.equal(zoneLook(kind).isHatched, kind === ZoneKind.NO_PICKUP);
    assert.equal(zoneLook(kind).fillOpacity === 0, kind === ZoneKind.SERVICE_AREA);
    assert.match(zoneLook(kind).color, /^#[0-9a-f]{6}$/);
  }
  const ofTheFuture = 99 as ZoneKind;
  assert.equal(zoneLook(ofTheFuture).label, "Zone");
  assert.ok(zoneOrder(ofTheFuture) < zoneOrder(ZoneKind.SERVICE_AREA));
});

test("the hatch joins itself at the edges of its tile", () => {
  const data = hatch(16, [1, 0.5, 0], 0.5);
  const alpha = (x: number, y: number) => data[(((y % 16) * 16) + (x % 16)) * 4 + 3];
  assert.deepEqual([...data.slice(0, 4)], [255, 128, 0, 128]);
  for (let i = 0; i < 16; i++) {
    assert.equal(alpha(i + 15, 3), alpha(i + 14, 4));
    assert.equal(alpha(3, i + 15), alpha(4, i + 14));
  }
  assert.equal(data.filter((value, at) => at % 4 === 3 && value > 0).length, 64, "a quarter of it is stripes");
});

test("the legend counts the kinds that there are, in the order in which they lie", () => {
  const counts = countByKind([zone("a", ZoneKind.NO_PICKUP), zone("b", ZoneKind.SERVICE_AREA), zone("c", ZoneKind.NO_PICKUP)]);
  assert.deepEqual(counts.map(({ look, count }) => [look.label, count]), [["Service area", 1], ["No pick-up", 2]]);
  assert.deepEqual(countByKind([]), []);
});

test("polygons, multipolygons and features with one are drawn as multipolygons", () => {
  const polygon = { type: "Polygon", coordinates: [square] };
  const feature = zoneFeature(zone("a", ZoneKind.QUEUE, polygon));
  assert.deepEqual(feature.geometry.coordinates, [[square]]);
  assert.deepEqual(
    [feature.properties.zoneId, feature.properties.name, feature.properties.label, feature.properties.color],
    ["a", "Zone a", "Queue", zoneLook(ZoneKind.QUEUE).color]);
  assert.deepEqual(zoneFeature(zone("a", ZoneKind.QUEUE, { type: "Feature", properties: null, geometry: polygon })).geometry.coordinates, [[square]]);
  const two = { type: "MultiPolygon", coordinates: [[square], [square]] };
  assert.deepEqual(zoneFeature(zone("a", ZoneKind.QUEUE, two)).geometry.coordinates, [[square], [square]]);
  assert.throws(() => zoneFeature(zone("a", ZoneKind.QUEUE, { type: "Point", coordinates: [0, 0] })), /not a Point/);
});

test("over the antimeridian a ring and its hole run on", () => {
  const outer = [[179, 0], [-179, 0], [-179, 2], [179, 2], [179, 0]];
  const hole = [[-179.8, 0.5], [-179.8, 1], [-179.4, 1], [-179.8, 0.5]];
  const [[ring, inner] = []] = zoneFeature(zone("fiji", ZoneKind.GEOFENCE, { type: "Polygon", coordinates: [outer, hole] })).geometry.coordinates;
  assert.deepEqual(ring!.map(([longitude]) => longitude), [179, 181, 181, 179, 179]);
  assert.deepEqual(inner!.map(([longitude]) => Math.round(longitude! * 10) / 10), [180.2, 180.2, 180.6, 180.2]);
});
