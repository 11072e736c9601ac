import { RouteSource, TripState, WaypointState } from "@ride-tracking/client/v1/trip";
import { element, setText } from "./dom.ts";
import { formatDistance, formatWait } from "./format.ts";
import type { ShownTrip, ShownWaypoint } from "./shown-trip.ts";

const states: Partial<Record<TripState, string>> = {
  [TripState.ASSIGNED]: "Assigned",
  [TripState.EN_ROUTE_TO_PICKUP]: "On the way to the rider",
  [TripState.ARRIVED_AT_PICKUP]: "Waiting for the rider",
  [TripState.IN_PROGRESS]: "With the rider",
};

const sources: Record<RouteSource, string> = {
  [RouteSource.UNSPECIFIED]: "",
  [RouteSource.STRAIGHT_LINE]: "straight line: no roads are known",
  [RouteSource.ROADS]: "over roads",
};

/** The trip in the driver's panel: where it stands, what is ahead, how the way was found. */
export class TripSection {
  readonly root = element("section", "trip");
  private readonly state = element("span", "trip-state");
  private readonly source = element("span", "trip-source");
  private readonly offRoute = element("p", "trip-off-route", "Off the route: a new one follows.");
  private readonly list = element("ol");
  private rows: { readonly ahead: HTMLElement; readonly waypoint: ShownWaypoint }[] = [];

  constructor() {
    this.root.hidden = true;
    this.root.setAttribute("aria-label", "Trip");
    this.root.append(element("header", "trip-head", this.state, this.source), this.offRoute, this.list);
  }

  show(trip: ShownTrip | undefined, now: number): void {
    this.root.hidden = trip === undefined;
    this.rows = [];
    if (trip === undefined) return;
    setText(this.state, states[trip.state] ?? "Trip");
    setText(this.source, sources[trip.source]);
    this.offRoute.hidden = !trip.isOffRoute;
    this.list.replaceChildren(...trip.waypoints.map((waypoint) => this.row(waypoint)));
    this.tick(now);
  }

  /** Lets the times run. @param now milliseconds of `performance.now()` */
  tick(now: number): void {
    for (const { ahead, waypoint } of this.rows) setText(ahead, aheadOf(waypoint, now));
  }

  private row(waypoint: ShownWaypoint): HTMLElement {
    const ahead = element("span", "trip-ahead");
    this.rows.push({ ahead, waypoint });
    const mark = element("span", "waypoint-mark", waypoint.mark);
    mark.classList.toggle("is-done", waypoint.state === WaypointState.DONE);
    mark.classList.toggle("is-dropoff", waypoint.mark === "D");
    return element("li", "", mark, element("span", "trip-place", waypoint.title, element("small", "", waypoint.label)), ahead);
  }
}

function aheadOf({ state, metersAhead, arrivesAt }: ShownWaypoint, now: number): string {
  if (state === WaypointState.DONE) return "done";
  if (state === WaypointState.ARRIVED) return "there";
  const eta = arrivesAt === undefined ? undefined : formatWait((arrivesAt - now) / 1000);
  const distance = metersAhead === undefined ? undefined : formatDistance(metersAhead);
  return [eta, distance].filter((part) => part !== undefined).join("\n");
}
