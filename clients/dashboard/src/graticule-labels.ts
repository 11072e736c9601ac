import type { Map as MapLibre } from "maplibre-gl";
import { element, setText } from "./dom.ts";
import { boundsOf, stepOf } from "./fleet-map.ts";
import { degreesLabel, ticks } from "./graticule.ts";
import { wrapLongitude } from "./viewport.ts";

/** Degrees along the top and left edge, in HTML: a map without fonts of its own has no other text. */
export class GraticuleLabels {
  private readonly pool: HTMLElement[] = [];

  constructor(
    private readonly map: MapLibre,
    private readonly container: HTMLElement,
  ) {
    map.on("load", () => this.place());
    map.on("move", () => this.place());
    map.on("resize", () => this.place());
  }

  private place(): void {
    const { map } = this;
    const bounds = boundsOf(map);
    const step = stepOf(map);
    const center = map.getCenter();
    let used = 0;
    for (const longitude of ticks(bounds.west, bounds.east, step)) {
      const x = map.project([longitude, center.lat]).x;
      this.put(used++, "is-meridian", degreesLabel(wrapLongitude(longitude), step, "E", "W"), `translate(${x}px, 0)`);
    }
    for (const latitude of ticks(Math.max(-85, bounds.south), Math.min(85, bounds.north), step)) {
      const y = map.project([center.lng, latitude]).y;
      this.put(used++, "is-parallel", degreesLabel(latitude, step, "N", "S"), `translate(0, ${y}px)`);
    }
    for (const unused of this.pool.slice(used)) unused.hidden = true;
  }

  private put(index: number, className: string, text: string, transform: string): void {
    let label = this.pool[index];
    if (label === undefined) {
      label = element("span");
      this.pool[index] = label;
      this.container.append(label);
    }
    label.hidden = false;
    label.className = className;
    label.style.transform = transform;
    setText(label, text);
  }
}
