import { Marker, type Map as MapLibre } from "maplibre-gl";
import { element } from "./dom.ts";
import type { PlaceDegrees } from "./nearest-search.ts";

/** On the map: a mark at the place that was clicked, and a numbered ring around each driver found. They take no clicks. */
export class NearestMarks {
  private place: Marker | undefined;
  private rings: { readonly driverId: string; readonly marker: Marker }[] = [];

  /** @param placeOf where a car is shown now, when it is shown */
  constructor(
    private readonly map: MapLibre,
    private readonly placeOf: (driverId: string) => PlaceDegrees | undefined,
  ) {
    map.on("render", () => this.followCars());
  }

  get ringedDriverIds(): string[] {
    return this.rings.map((ring) => ring.driverId);
  }

  mark(place: PlaceDegrees): void {
    this.clear();
    this.place = this.put(element("div", "nearest-place"), place);
  }

  ring(drivers: readonly { readonly driverId: string; readonly place: PlaceDegrees }[]): void {
    for (const { marker } of this.rings) marker.remove();
    this.rings = drivers.map(({ driverId, place }, index) => ({
      driverId,
      marker: this.put(element("div", "nearest-ring", element("span", "", `${index + 1}`)), this.placeOf(driverId) ?? place),
    }));
  }

  clear(): void {
    this.place?.remove();
    this.place = undefined;
    this.ring([]);
  }

  private followCars(): void {
    for (const { driverId, marker } of this.rings) {
      const place = this.placeOf(driverId);
      if (place !== undefined) marker.setLngLat([place.longitude, place.latitude]);
    }
  }

  private put(mark: HTMLElement, place: PlaceDegrees): Marker {
    return new Marker({ element: mark, subpixelPositioning: true }).setLngLat([place.longitude, place.latitude]).addTo(this.map);
  }
}
