import type { Zone } from "@ride-tracking/client/v1/zone";
import { zoneLook, zoneOrder } from "./zone-look.ts";

type Position = number[];
type Polygon = Position[][];

/** A zone as MapLibre draws it and gives it back when it is asked what lies under a point. */
export interface ZoneFeature {
  readonly type: "Feature";
  readonly properties: {
    readonly zoneId: string;
    readonly name: string;
    readonly label: string;
    readonly color: string;
    readonly fillOpacity: number;
    readonly isHatched: boolean;
    readonly order: number;
  };
  readonly geometry: { readonly type: "MultiPolygon"; readonly coordinates: Polygon[] };
}

export interface ZoneFeatures {
  readonly type: "FeatureCollection";
  readonly features: ZoneFeature[];
}

export const noZones: ZoneFeatures = { type: "FeatureCollection", features: [] };

/** Throws when the zone's GeoJSON is not a polygon. */
export function zoneFeature(zone: Zone): ZoneFeature {
  const look = zoneLook(zone.kind);
  return {
    type: "Feature",
    properties: {
      zoneId: zone.zoneId,
      name: zone.displayName,
      label: look.label,
      color: look.color,
      fillOpacity: look.fillOpacity,
      isHatched: look.isHatched,
      order: zoneOrder(zone.kind),
    },
    geometry: { type: "MultiPolygon", coordinates: readPolygons(zone.geoJson).map(unrollPolygon) },
  };
}

/** The polygons of a GeoJSON Polygon or MultiPolygon, or of a Feature with one. */
export function readPolygons(geoJson: string): Polygon[] {
  const root = JSON.parse(geoJson) as { type?: string; geometry?: unknown };
  const { type, coordinates } = (root.type === "Feature" ? root.geometry : root) as { type?: string; coordinates?: unknown };
  if (type === "Polygon") return [coordinates as Polygon];
  if (type === "MultiPolygon") return coordinates as Polygon[];
  throw new Error(`a zone is a Polygon or a MultiPolygon, not a ${type}`);
}

/** Over the antimeridian longitudes run on instead of jumping to the other side, or it would be drawn around the world. */
function unrollPolygon(polygon: Polygon): Polygon {
  const outer = unrollRing(polygon[0] ?? [], undefined);
  return [outer, ...polygon.slice(1).map((hole) => unrollRing(hole, outer[0]?.[0]))];
}

function unrollRing(ring: Position[], near: number | undefined): Position[] {
  let last = near;
  return ring.map(([longitude = 0, latitude = 0]) => {
    const turns = last === undefined || Math.abs(longitude - last) <= 180 ? 0 : Math.round((last - longitude) / 360);
    last = longitude + turns * 360;
    return [last, latitude];
  });
}
