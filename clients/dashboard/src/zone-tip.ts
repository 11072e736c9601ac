import type { Map as MapLibre } from "maplibre-gl";
import { element } from "./dom.ts";
import type { ZoneLayers, ZoneUnder } from "./zone-layers.ts";

/** One row for each zone: its colour, name and kind. */
export function zoneRows(zones: readonly ZoneUnder[]): HTMLElement[] {
  return zones.map((zone) => {
    const dot = element("span", "zone-dot");
    dot.style.setProperty("--zone", zone.color);
    return element("div", "zone-row", dot, element("span", "zone-name", zone.name), element("span", "zone-kind", zone.label));
  });
}

/** Names the zones under the mouse. It takes no clicks, and gives way to cars. */
export class ZoneTip {
  readonly root = element("div", "card zone-tip");
  private shown = "";

  /** @param isOnCar whether a click at this place of the map would hit a car */
  constructor(map: MapLibre, zones: ZoneLayers, isOnCar: (place: { lng: number; lat: number }) => boolean) {
    this.root.hidden = true;
    this.root.setAttribute("role", "tooltip");
    map.on("mousemove", ({ point, lngLat }) => {
      const seen = map.isMoving() ? [] : zones.seenAt(point);
      this.show(seen.length > 0 && isOnCar(lngLat) ? [] : seen);
      this.root.style.transform = `translate(${point.x + 14}px, ${point.y + 14}px)`;
    });
    for (const gone of ["mouseout", "movestart"] as const) map.on(gone, () => this.show([]));
  }

  private show(zones: readonly ZoneUnder[]): void {
    const rows = zones.map((zone) => `${zone.zoneId} ${zone.name} ${zone.label}`).join("\n");
    if (rows === this.shown) return;
    this.shown = rows;
    this.root.hidden = zones.length === 0;
    this.root.replaceChildren(...zoneRows(zones));
  }
}
