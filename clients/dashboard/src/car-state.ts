import { DriverAvailability, DriverLink, DriverWork } from "@ride-tracking/client/v1/trip";

/** What a car on the map shows, in the order of the legend. */
export const CarState = {
  Available: 0,
  Offered: 1,
  ToPickup: 2,
  OnTrip: 3,
  OffDuty: 4,
  Tracked: 5,
} as const;
export type CarState = (typeof CarState)[keyof typeof CarState];

export interface StateLook {
  readonly label: string;
  /** sRGB, `#rrggbb`. */
  readonly color: string;
}

/** Indexed by `CarState`. Told apart by lightness too, for eyes that mix up hues. */
export const stateLooks: readonly StateLook[] = [
  { label: "Available", color: "#34d399" },
  { label: "Offered a trip", color: "#fbbf24" },
  { label: "To pick-up", color: "#4ea8ff" },
  { label: "On trip", color: "#c084fc" },
  { label: "Paused or off duty", color: "#8493a8" },
  { label: "Only tracked", color: "#e0cda9" },
];

/**
 * Work outranks availability: a driver who goes offline on a trip is still on the trip. Of a driver who never said what they
 * want, as who only reports a place, nothing is made up.
 */
export function carState(work: DriverWork, availability: DriverAvailability): CarState {
  switch (work) {
    case DriverWork.OFFERED:
      return CarState.Offered;
    case DriverWork.TO_PICKUP:
      return CarState.ToPickup;
    case DriverWork.ON_TRIP:
      return CarState.OnTrip;
    default:
      switch (availability) {
        case DriverAvailability.AVAILABLE:
          return CarState.Available;
        case DriverAvailability.UNSPECIFIED:
          return CarState.Tracked;
        default:
          return CarState.OffDuty;
      }
  }
}

/** Whether the server no longer hears the driver's app. */
export function isLost(link: DriverLink): boolean {
  return link === DriverLink.LOST;
}

/** `#rrggbb` as three numbers from 0 to 1. */
export function rgb(color: string): [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
