import type { ViewportDegrees } from "@ride-tracking/client";
import type { ConnectionLevel } from "./connection-badge.ts";
import type { ShownTrip } from "./shown-trip.ts";

/** What the page knows about itself, for support and for its tests: `window.rideTracking` in the console. */
export interface DebugState {
  /** Cars in the last picture. */
  readonly carsDrawn: number;
  readonly connection: ConnectionLevel;
  /** Frames received since the page was opened. */
  readonly frames: number;
  readonly driverIds: readonly string[];
  readonly watched: ViewportDegrees | undefined;
  /** One, and two while the viewport changes. */
  readonly openStreams: number;
  /** The streets that the last picture shows at a place. */
  roadsAt(longitude: number, latitude: number): readonly { readonly class: string; readonly name: string }[];
  /** The trip on the map, with its way in degrees, longitude first. */
  readonly trip: Pick<ShownTrip, "tripId" | "behind" | "ahead"> | undefined;
  /** Nothing that the map wants to draw is still on its way. */
  readonly hasAllTiles: boolean;
  /** The incidents that are open, the newest first. */
  readonly incidentIds: readonly string[];
  /** The zones that the map knows, in order of their ids. */
  readonly zoneIds: readonly string[];
  /** The zones that the last picture shows around a place, the topmost first. */
  zonesAround(longitude: number, latitude: number): readonly string[];
  /** The drivers nearest to the clicked place, nearest first; those with a ring. */
  readonly ringedDriverIds: readonly string[];
  /** In CSS pixels from the top left of the map. */
  screenPositionOf(driverId: string): { x: number; y: number } | undefined;
  /** In the same pixels. */
  project(longitude: number, latitude: number): { x: number; y: number };
  show(longitude: number, latitude: number, zoom: number): void;
}

declare global {
  interface Window {
    rideTracking?: DebugState;
  }
}

export function exposeDebugState(state: DebugState): void {
  window.rideTracking = state;
}
