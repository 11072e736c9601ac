import type { GeoJSONSource, LngLatLike, Map as MapLibre, Point } from "maplibre-gl";
import type { Zone } from "@ride-tracking/client/v1/zone";
import { rgb } from "./car-state.ts";
import { hatch, zoneLooks } from "./zone-look.ts";
import { noZones, zoneFeature, type ZoneFeature, type ZoneFeatures } from "./zone-shapes.ts";

const source = "zones";
const fillLayer = "zones-fill";
/** What lies under all zones goes under this layer. */
export const lowestZoneLayer = fillLayer;
const lineLayer = "zones-line";
const hatchLayer = "zones-hatch";
const layers = ["zones-casing", fillLayer, hatchLayer, lineLayer];
/** So near to an outline counts as on it. */
const reachPixels = 4;
const hatchPixels = 16;

/** What is told about a zone under the pointer. */
export type ZoneUnder = Pick<ZoneFeature["properties"], "zoneId" | "name" | "label" | "color">;

/** Draws the zones: areas and outlines, to be added before what lies on top of them. */
export class ZoneLayers {
  private features: ZoneFeatures = noZones;
  private map: MapLibre | undefined;
  private isShown = true;

  /** To be called once the map has loaded. */
  addTo(map: MapLibre): void {
    this.map = map;
    for (const look of zoneLooks.filter((look) => look.isHatched)) {
      const data = hatch(hatchPixels, rgb(look.color), 0.5);
      map.addImage(`hatch ${look.label}`, { width: hatchPixels, height: hatchPixels, data }, { pixelRatio: 2 });
    }
    map.addSource(source, { type: "geojson", data: this.features });
    const sortKey = ["get", "order"] as ["get", string];
    const color = ["get", "color"] as ["get", string];
    map.addLayer({
      id: fillLayer,
      type: "fill",
      source,
      layout: { "fill-sort-key": sortKey },
      paint: { "fill-color": color, "fill-opacity": ["get", "fillOpacity"], "fill-antialias": false },
    });
    map.addLayer({
      id: hatchLayer,
      type: "fill",
      source,
      filter: ["get", "isHatched"],
      paint: { "fill-pattern": ["concat", "hatch ", ["get", "label"]] },
    });
    // Dark, so that an outline is seen on the area of another zone.
    map.addLayer({
      id: "zones-casing",
      type: "line",
      source,
      layout: { "line-join": "round", "line-sort-key": sortKey },
      paint: { "line-color": "#0a1017", "line-width": 4, "line-opacity": 0.7 },
    });
    map.addLayer({
      id: lineLayer,
      type: "line",
      source,
      layout: { "line-join": "round", "line-sort-key": sortKey },
      paint: { "line-color": color, "line-width": 1.6 },
    });
    this.setVisible(this.isShown);
  }

  get zoneIds(): string[] {
    return this.features.features.map((feature) => feature.properties.zoneId);
  }

  /** A zone that cannot be drawn is left out and named in the console. */
  show(zones: readonly Zone[]): void {
    const features = zones.flatMap((zone) => {
      try {
        return [zoneFeature(zone)];
      } catch (error) {
        console.warn(`Zone ${zone.zoneId} cannot be drawn:`, error);
        return [];
      }
    });
    this.features = { type: "FeatureCollection", features };
    this.map?.getSource<GeoJSONSource>(source)?.setData(this.features);
  }

  setVisible(isVisible: boolean): void {
    this.isShown = isVisible;
    for (const layer of layers) this.map?.setLayoutProperty(layer, "visibility", isVisible ? "visible" : "none");
  }

  /** The drawn zones that hold a place, the topmost first. */
  around(place: LngLatLike): ZoneUnder[] {
    const { map } = this;
    return map?.getLayer(fillLayer) === undefined ? [] : this.under(map.project(place), 0, [fillLayer]);
  }

  /** The zones that are seen at a point of the screen, the topmost first: areas with a colour, and any outline. */
  seenAt(point: Point): ZoneUnder[] {
    const onOutline = this.under(point, reachPixels, [lineLayer]);
    const within = this.under(point, 0, [fillLayer], ["!=", ["get", "fillOpacity"], 0]);
    return distinct([...within, ...onOutline]);
  }

  private under(point: Point, reach: number, ids: string[], filter?: ["!=", ["get", string], number]): ZoneUnder[] {
    const { map } = this;
    if (map?.getLayer(fillLayer) === undefined) return [];
    const found = map.queryRenderedFeatures(
      [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]],
      { layers: ids, ...(filter === undefined ? {} : { filter }) },
    );
    found.sort((a, b) => Number(b.properties["order"]) - Number(a.properties["order"]));
    return distinct(found.map((feature) => feature.properties as ZoneUnder));
  }
}

function distinct(zones: readonly ZoneUnder[]): ZoneUnder[] {
  return [...new Map(zones.map((zone) => [zone.zoneId, zone])).values()];
}
