import { ZoneKind } from "@ride-tracking/client/v1/zone";

export interface ZoneLook {
  readonly kind: ZoneKind;
  readonly label: string;
  /** Of the outline and the fill; sRGB, `#rrggbb`. */
  readonly color: string;
  /** From 0 to 1; a service area is so big that it is an outline only. */
  readonly fillOpacity: number;
  readonly isHatched: boolean;
}

/** From the lowest on the map to the topmost. Calm enough for cars to stand out on them. */
export const zoneLooks: readonly ZoneLook[] = [
  { kind: ZoneKind.SERVICE_AREA, label: "Service area", color: "#46627f", fillOpacity: 0, isHatched: false },
  { kind: ZoneKind.GEOFENCE, label: "Geofence", color: "#4f93a8", fillOpacity: 0.1, isHatched: false },
  { kind: ZoneKind.QUEUE, label: "Queue", color: "#cf9436", fillOpacity: 0.14, isHatched: false },
  { kind: ZoneKind.NO_PICKUP, label: "No pick-up", color: "#c9525f", fillOpacity: 0.1, isHatched: true },
];

const unknownLook: ZoneLook = { kind: ZoneKind.UNSPECIFIED, label: "Zone", color: "#5d7086", fillOpacity: 0, isHatched: false };

/** A kind that this page does not know yet is drawn all the same. */
export function zoneLook(kind: ZoneKind): ZoneLook {
  return zoneLooks.find((look) => look.kind === kind) ?? unknownLook;
}

/** Where a kind lies in the pile of zones; higher is nearer to the eye. */
export function zoneOrder(kind: ZoneKind): number {
  return zoneLooks.findIndex((look) => look.kind === kind);
}

/** A tile of diagonal stripes, as RGBA. @param size of its sides in pixels, a multiple of 4 */
export function hatch(size: number, [red, green, blue]: readonly [number, number, number], opacity: number): Uint8ClampedArray<ArrayBuffer> {
  const data = new Uint8ClampedArray(size * size * 4);
  const period = size / 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const isStripe = (x + y) % period < period / 4;
      data.set([red * 255, green * 255, blue * 255, isStripe ? opacity * 255 : 0], (y * size + x) * 4);
    }
  }
  return data;
}
