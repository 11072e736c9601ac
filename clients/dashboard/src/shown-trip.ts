import { durationMs, timestampMs } from "@ride-tracking/client";
import type { GetFleetDriverResponse } from "@ride-tracking/client/v1/fleet";
import { RouteSource, TripState, WaypointKind, WaypointState, type Waypoint } from "@ride-tracking/client/v1/trip";
import { cutAt, decodePolyline, type Position } from "./route-line.ts";

/** A place that the trip visits. */
export interface ShownWaypoint {
  readonly waypointId: string;
  readonly kind: WaypointKind;
  /** "P", "1", "2", … for stops, "D". */
  readonly mark: string;
  readonly title: string;
  readonly label: string;
  readonly state: WaypointState;
  readonly place: Position;
  /** Along the route; undefined when the server does not tell. */
  readonly metersAhead: number | undefined;
  /** In milliseconds of `performance.now()`; undefined when nobody can tell. */
  readonly arrivesAt: number | undefined;
}

/** The trip of a driver as the map and the panel show it. */
export interface ShownTrip {
  readonly tripId: string;
  readonly state: TripState;
  readonly source: RouteSource;
  readonly isOffRoute: boolean;
  readonly behind: readonly Position[];
  readonly ahead: readonly Position[];
  readonly waypoints: readonly ShownWaypoint[];
}

/** Undefined when the driver is on no trip. @param now milliseconds of `performance.now()` when the answer came */
export function shownTrip(driver: GetFleetDriverResponse, now: number): ShownTrip | undefined {
  const { trip } = driver;
  if (trip === undefined) return undefined;
  const { route } = trip;
  // Told of another route it says nothing about this one.
  const progress = driver.progress?.routeVersion === route?.version ? driver.progress : undefined;
  const { behind, ahead } = cutAt(decodePolyline(route?.encodedPolyline ?? ""), progress?.drivenMeters ?? 0);
  const serverNow = serverTimeMs(driver);
  let stops = 0;
  const waypoints = trip.waypoints.map((waypoint): ShownWaypoint => {
    const mark = waypoint.kind === WaypointKind.PICKUP ? "P" : waypoint.kind === WaypointKind.DROPOFF ? "D" : `${++stops}`;
    const onTheWay = progress?.ahead.find(({ waypointId }) => waypointId === waypoint.waypointId);
    const eta = waypoint.state === WaypointState.PENDING ? (onTheWay?.estimatedArrival ?? waypoint.estimatedArrival) : undefined;
    return {
      waypointId: waypoint.waypointId,
      kind: waypoint.kind,
      mark,
      title: titleOf(waypoint, stops),
      label: waypoint.label,
      state: waypoint.state,
      place: [waypoint.location?.longitude ?? 0, waypoint.location?.latitude ?? 0],
      metersAhead: waypoint.state === WaypointState.PENDING ? onTheWay?.distanceMeters : undefined,
      arrivesAt: eta === undefined || serverNow === undefined ? undefined : now + timestampMs(eta) - serverNow,
    };
  });
  return {
    tripId: trip.tripId,
    state: trip.state,
    source: route?.source ?? RouteSource.UNSPECIFIED,
    isOffRoute: progress?.isOffRoute ?? false,
    behind,
    ahead,
    waypoints,
  };
}

/** The server's clock when it answered, which may be another than the page's, and run faster. */
function serverTimeMs({ fixedAt, age }: GetFleetDriverResponse): number | undefined {
  return fixedAt === undefined || age === undefined ? undefined : timestampMs(fixedAt) + durationMs(age);
}

function titleOf(waypoint: Waypoint, stops: number): string {
  switch (waypoint.kind) {
    case WaypointKind.PICKUP:
      return "Pick-up";
    case WaypointKind.DROPOFF:
      return "Drop-off";
    default:
      return `Stop ${stops}`;
  }
}
