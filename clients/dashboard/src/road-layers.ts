import type { ExpressionSpecification, LayerSpecification, Map as MapLibre } from "maplibre-gl";
import type { RoadTileset } from "./road-feed.ts";
import { ferryClass, roadLooks, type RoadLook } from "./road-look.ts";

const source = "roads";
const fillLayer = "roads-fill";
const labelLayer = "roads-label";
const reachPixels = 3;
const halo = "#0a1017";

/** Draws the streets under everything else, and their names above the zones. */
export class RoadLayers {
  private map: MapLibre | undefined;
  private below = "";
  private belowLabels = "";
  private roads: RoadTileset | undefined;

  /**
   * To be called once the map has loaded and has its other layers.
   * @param below the layer that streets lie under
   * @param belowLabels the layer that their names lie under
   */
  addTo(map: MapLibre, below: string, belowLabels: string): void {
    this.map = map;
    this.below = below;
    this.belowLabels = belowLabels;
    this.show(this.roads);
  }

  /** Undefined: there are none any more. */
  show(roads: RoadTileset | undefined): void {
    this.roads = roads;
    const { map } = this;
    if (map === undefined) return;
    if (map.getSource(source) !== undefined) {
      for (const { id } of roadLayers) map.removeLayer(id);
      map.removeSource(source);
    }
    if (roads === undefined) return;
    const { tiles, minzoom, maxzoom, bounds, attribution } = roads;
    map.addSource(source, {
      type: "vector",
      // MapLibre's workers know nothing of the page's address.
      tiles: tiles.map((tile) => new URL(".", window.location.href).href + tile),
      minzoom,
      maxzoom,
      bounds: [...bounds],
      attribution,
    });
    for (const layer of roadLayers) map.addLayer(layer, layer.id === labelLayer ? this.belowLabels : this.below);
  }

  /** The classes of the streets that the last picture shows at a place, with their names. */
  at(place: { lng: number; lat: number }): { class: string; name: string }[] {
    const { map } = this;
    if (map?.getLayer(fillLayer) === undefined) return [];
    const { x, y } = map.project(place);
    return map
      .queryRenderedFeatures([[x - reachPixels, y - reachPixels], [x + reachPixels, y + reachPixels]], { layers: [fillLayer] })
      .map(({ properties }) => ({ class: String(properties["class"]), name: String(properties["name"] ?? "") }));
  }
}

/** One of a look's values for each class. */
function byClass<T extends string | number>(value: (look: RoadLook) => T): ExpressionSpecification {
  const [first, ...others] = roadLooks;
  const cases = others.flatMap((look) => [look.class, value(look)]);
  return ["match", ["get", "class"], ...cases, value(first!)] as unknown as ExpressionSpecification;
}

/** Ramps are narrower than the road that they lead to. @param extra pixels more at zoom 18 */
function width(extra: number): ExpressionSpecification {
  const narrowed = (pixels: (look: RoadLook) => number): ExpressionSpecification => ["*", ["case", ["has", "link"], 0.6, 1], byClass(pixels)];
  return [
    "interpolate", ["exponential", 1.6], ["zoom"],
    10, narrowed((look) => (look.far === 0 ? 0 : look.far + extra * 0.1)),
    18, narrowed((look) => look.near + extra),
  ];
}

const isRoad: ExpressionSpecification = ["!=", ["get", "class"], ferryClass];
const isBig: ExpressionSpecification = ["match", ["get", "class"], ["motorway", "trunk", "primary", "secondary"], true, false];
const order = byClass((look) => roadLooks.indexOf(look));
/** What is under the ground shows through it. */
const opacity: ExpressionSpecification = ["case", ["has", "tunnel"], 0.4, 1];

const roadLayers: readonly LayerSpecification[] = [
  {
    id: "roads-ferry",
    type: "line",
    source,
    "source-layer": "roads",
    filter: ["==", ["get", "class"], ferryClass],
    paint: { "line-color": "#24405a", "line-width": 1.2, "line-dasharray": [4, 4] },
  },
  {
    id: "roads-casing",
    type: "line",
    source,
    "source-layer": "roads",
    minzoom: 12,
    filter: isRoad,
    layout: { "line-cap": "round", "line-join": "round", "line-sort-key": order },
    paint: { "line-color": "#05090e", "line-width": width(5), "line-opacity": opacity },
  },
  {
    id: fillLayer,
    type: "line",
    source,
    "source-layer": "roads",
    filter: isRoad,
    layout: { "line-cap": "round", "line-join": "round", "line-sort-key": order },
    paint: { "line-color": byClass((look) => look.color), "line-width": width(0), "line-opacity": opacity },
  },
  {
    id: labelLayer,
    type: "symbol",
    source,
    "source-layer": "roads",
    minzoom: 13,
    // From farther away the names of the big streets only.
    filter: ["step", ["zoom"], ["all", ["has", "name"], isBig], 14.5, ["all", ["has", "name"], isRoad]],
    layout: {
      "symbol-placement": "line",
      "symbol-sort-key": ["-", 0, order],
      "symbol-spacing": 320,
      "text-field": ["get", "name"],
      // No glyphs come from anywhere: the browser draws them with the page's own fonts.
      "text-font": ["system-ui", "Segoe UI", "Roboto", "Noto Sans", "DejaVu Sans", "sans-serif"],
      "text-size": ["interpolate", ["linear"], ["zoom"], 13, 10, 18, 13],
      "text-max-angle": 30,
      "text-padding": 6,
    },
    paint: { "text-color": "#8296ab", "text-halo-color": halo, "text-halo-width": 1.4 },
  },
];
