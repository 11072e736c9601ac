import type { Zone, ZoneKind } from "@ride-tracking/client/v1/zone";
import { element } from "./dom.ts";
import { formatCount } from "./format.ts";
import { zoneLook, zoneOrder, type ZoneLook } from "./zone-look.ts";

/** The kinds that there are, from the lowest on the map to the topmost, with how many there are of each. */
export function countByKind(zones: readonly Pick<Zone, "kind">[]): { look: ZoneLook; count: number }[] {
  const counts = new Map<ZoneKind, number>();
  for (const { kind } of zones) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => zoneOrder(a) - zoneOrder(b))
    .map(([kind, count]) => ({ look: zoneLook(kind), count }));
}

/** What the colours of zones mean, and whether zones are shown; nothing while there are none. */
export class ZoneLegend {
  readonly root = element("div", "legend-zones");
  private readonly rows = element("div", "legend-zone-rows");

  constructor(onToggled: (isShown: boolean) => void) {
    const toggle = element("input");
    toggle.type = "checkbox";
    toggle.checked = true;
    toggle.addEventListener("change", () => {
      this.root.classList.toggle("is-off", !toggle.checked);
      onToggled(toggle.checked);
    });
    this.root.hidden = true;
    this.root.append(element("label", "legend-zones-head", "Zones", toggle), this.rows);
  }

  show(zones: readonly Pick<Zone, "kind">[]): void {
    this.root.hidden = zones.length === 0;
    this.rows.replaceChildren(...countByKind(zones).flatMap(({ look, count }) => {
      const swatch = element("span", "zone-swatch");
      swatch.classList.toggle("is-hatched", look.isHatched);
      swatch.style.setProperty("--zone", look.color);
      swatch.style.setProperty("--fill", `${look.fillOpacity * 200}%`);
      return [element("span", "legend-label", swatch, look.label), element("span", "legend-count", formatCount(count))];
    }));
  }
}
