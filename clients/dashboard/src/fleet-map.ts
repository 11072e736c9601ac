import {
  AttributionControl,
  Map as MapLibre,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type RequestParameters,
  type StyleSpecification,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { TokenSource } from "@ride-tracking/client";
import { graticuleLines, graticuleStep } from "./graticule.ts";
import { contains, viewportOf, type MapBounds } from "./viewport.ts";

const noLines = { type: "FeatureCollection" as const, features: [] };

/** The style to begin with: no fonts or pictures from anywhere, so the page works without the internet. */
const style: StyleSpecification = {
  version: 8,
  sources: { graticule: { type: "geojson", data: noLines } },
  layers: [
    { id: "background", type: "background", paint: { "background-color": "#0a1017" } },
    {
      id: "graticule",
      type: "line",
      source: "graticule",
      paint: {
        "line-color": ["case", ["get", "major"], "#1f2c3a", "#131c26"],
        "line-width": ["case", ["get", "major"], 1.2, 1],
      },
    },
  ],
};

/** A map of nothing but a background, a graticule and a scale; all else comes as layers. Its tiles are asked for with a token. */
export function createFleetMap(container: HTMLElement, tokens: TokenSource): MapLibre {
  setWorkerUrl(workerUrl);
  const map = new MapLibre({
    container,
    style,
    center: [0, 20],
    zoom: 1.8,
    minZoom: 1.5,
    maxZoom: 19,
    // The address holds the view, so that a link shows the same place.
    hash: true,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    maxPitch: 0,
    fadeDuration: 0,
    transformRequest: (url) => withToken(url, tokens),
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(new ScaleControl({ maxWidth: 140 }), "bottom-right");
  map.addControl(new AttributionControl({ compact: false }), "bottom-right");
  keepGraticule(map);
  return map;
}

async function withToken(url: string, tokens: TokenSource): Promise<RequestParameters> {
  return { url, headers: { authorization: `Bearer ${await tokens.token()}` } };
}

export function boundsOf(map: MapLibre): MapBounds {
  const bounds = map.getBounds();
  return { south: bounds.getSouth(), west: bounds.getWest(), north: bounds.getNorth(), east: bounds.getEast() };
}

export function stepOf(map: MapLibre): number {
  return graticuleStep((512 * 2 ** map.getZoom()) / 360);
}

/** Draws lines a screen beyond the edges, and anew only when the map leaves them or the step changes. */
function keepGraticule(map: MapLibre): void {
  let drawn: { step: number; bounds: MapBounds } | undefined;
  const draw = () => {
    const bounds = boundsOf(map);
    const step = stepOf(map);
    if (drawn?.step === step && contains(viewportOf(drawn.bounds, 0), viewportOf(bounds, 0))) return;
    const width = bounds.east - bounds.west;
    const height = bounds.north - bounds.south;
    const wide = {
      south: bounds.south - height,
      west: bounds.west - width,
      north: bounds.north + height,
      east: bounds.east + width,
    };
    drawn = { step, bounds: wide };
    map.getSource<GeoJSONSource>("graticule")?.setData(graticuleLines(wide, step));
  };
  map.on("load", draw);
  map.on("move", draw);
}
