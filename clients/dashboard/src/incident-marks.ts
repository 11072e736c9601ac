import { Marker, type Map as MapLibre } from "maplibre-gl";
import type { Incident } from "@ride-tracking/client/v1/incident";
import { element } from "./dom.ts";

/** A mark on the map where each open incident was told of. They take no clicks. */
export class IncidentMarks {
  private markers: Marker[] = [];

  constructor(private readonly map: MapLibre) {}

  show(open: readonly Incident[]): void {
    for (const marker of this.markers) marker.remove();
    this.markers = open.flatMap(({ location }) =>
      location === undefined
        ? []
        : [new Marker({ element: element("div", "incident-mark", "!") }).setLngLat([location.longitude, location.latitude]).addTo(this.map)],
    );
  }
}
