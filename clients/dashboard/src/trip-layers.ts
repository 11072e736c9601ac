import { Marker, type GeoJSONSource, type LayerSpecification, type Map as MapLibre } from "maplibre-gl";
import { WaypointState } from "@ride-tracking/client/v1/trip";
import { element, setText } from "./dom.ts";
import type { Position } from "./route-line.ts";
import type { ShownTrip, ShownWaypoint } from "./shown-trip.ts";

const source = "trip";
const width: ["interpolate", ["exponential", number], ["zoom"], ...number[]] = ["interpolate", ["exponential", 1.5], ["zoom"], 10, 2.5, 14, 5, 18, 11];
const casingWidth: typeof width = ["interpolate", ["exponential", 1.5], ["zoom"], 10, 5, 14, 9, 18, 16];
const layout = { "line-cap": "round", "line-join": "round" } as const;

const layers: readonly LayerSpecification[] = [
  { id: "trip-casing", type: "line", source, layout, paint: { "line-color": "#05090e", "line-width": casingWidth, "line-opacity": 0.75 } },
  { id: "trip-behind", type: "line", source, layout, filter: ["get", "isBehind"], paint: { "line-color": "#4a4560", "line-width": width } },
  { id: "trip-ahead", type: "line", source, layout, filter: ["!", ["get", "isBehind"]], paint: { "line-color": "#7dd3fc", "line-width": width } },
];

/** Draws the way of one trip, what is driven dim and what is ahead bright, and its waypoints. They take no clicks. */
export class TripLayers {
  private map: MapLibre | undefined;
  private marks: { readonly waypointId: string; readonly marker: Marker }[] = [];
  private trip: ShownTrip | undefined;

  /** To be called once the map has loaded. @param below the layer that the way lies under */
  addTo(map: MapLibre, below: string): void {
    this.map = map;
    map.addSource(source, { type: "geojson", data: features(this.trip) });
    for (const layer of layers) map.addLayer(layer, below);
    this.show(this.trip);
  }

  get shown(): ShownTrip | undefined {
    return this.trip;
  }

  show(trip: ShownTrip | undefined): void {
    this.trip = trip;
    const { map } = this;
    if (map === undefined) return;
    map.getSource<GeoJSONSource>(source)?.setData(features(trip));
    const waypoints = trip?.waypoints ?? [];
    if (this.marks.map((mark) => mark.waypointId).join() !== waypoints.map((waypoint) => waypoint.waypointId).join()) {
      for (const { marker } of this.marks) marker.remove();
      this.marks = waypoints.map(({ waypointId, place }) => ({
        waypointId,
        marker: new Marker({ element: element("div", "waypoint-mark"), anchor: "center" }).setLngLat(place).addTo(map),
      }));
    }
    this.marks.forEach(({ marker }, index) => mark(marker, waypoints[index]!));
  }
}

function mark(marker: Marker, waypoint: ShownWaypoint): void {
  const root = marker.getElement();
  setText(root, waypoint.mark);
  root.title = waypoint.title;
  root.classList.toggle("is-done", waypoint.state === WaypointState.DONE);
  root.classList.toggle("is-dropoff", waypoint.mark === "D");
  marker.setLngLat(waypoint.place);
}

function features(trip: ShownTrip | undefined) {
  const line = (positions: readonly Position[], isBehind: boolean) => ({
    type: "Feature" as const,
    properties: { isBehind },
    geometry: { type: "LineString" as const, coordinates: [...positions] },
  });
  const parts = trip === undefined ? [] : [line(trip.behind, true), line(trip.ahead, false)];
  return { type: "FeatureCollection" as const, features: parts.filter((part) => part.geometry.coordinates.length > 1) };
}
