import type { FleetCounts } from "@ride-tracking/client/v1/fleet";
import { carIcon } from "./car-icon.ts";
import { CarState, stateLooks } from "./car-state.ts";
import type { Car } from "./cars.ts";
import { element, setText } from "./dom.ts";
import { formatCount } from "./format.ts";

/** How many cars of each state are in view; one whose link is lost counts only as lost. */
export interface CountsInView {
  readonly byState: readonly number[];
  readonly lost: number;
  readonly total: number;
}

export function countInView(cars: readonly Car[]): CountsInView {
  const byState = stateLooks.map(() => 0);
  let lost = 0;
  for (const car of cars) {
    if (car.isLost) lost++;
    else byState[car.state] = (byState[car.state] ?? 0) + 1;
  }
  return { byState, lost, total: cars.length };
}

interface Row {
  readonly inView: HTMLElement;
  readonly fleet: HTMLElement;
}

/** What the colours mean, with how many there are in view and in the whole fleet. */
export class Legend {
  readonly root = element("section", "card legend");
  private readonly rows: Row[];
  private readonly lost: Row;
  private readonly total: Row;
  private readonly connected = element("b");
  private readonly searching = element("b");

  constructor() {
    this.root.setAttribute("aria-label", "Legend");
    const table = element("div", "legend-rows");
    table.append(element("span", "legend-head"), element("span", "legend-head", "in view"), element("span", "legend-head", "fleet"));
    this.rows = stateLooks.map((look, state) => addRow(table, carIcon(state as CarState), look.label));
    this.lost = addRow(table, carIcon(undefined, true), "Link lost");
    this.total = addRow(table, element("span"), "All", "legend-total");
    this.root.append(
      table,
      element("p", "legend-foot",
        element("span", "", this.connected, " connected"),
        element("span", "", this.searching, " riders waiting")),
    );
  }

  show(inView: CountsInView, fleet: FleetCounts | undefined): void {
    const fleetByState: Partial<Record<CarState, number>> = fleet === undefined ? {} : {
      [CarState.Available]: fleet.availableIdle,
      [CarState.Offered]: fleet.offered,
      [CarState.ToPickup]: fleet.toPickup,
      [CarState.OnTrip]: fleet.onTrip,
    };
    this.rows.forEach((row, state) => {
      fill(row, inView.byState[state], fleetByState[state as CarState]);
    });
    fill(this.lost, inView.lost, undefined);
    fill(this.total, inView.total, fleet?.tracked);
    setText(this.connected, formatCount(fleet?.connected ?? 0));
    setText(this.searching, formatCount(fleet?.searchingTrips ?? 0));
  }
}

function addRow(table: HTMLElement, icon: Element, label: string, className = ""): Row {
  const row: Row = { inView: element("span", `legend-count ${className}`), fleet: element("span", `legend-fleet ${className}`) };
  table.append(element("span", `legend-label ${className}`, icon, label), row.inView, row.fleet);
  return row;
}

function fill(row: Row, inView: number | undefined, fleet: number | undefined): void {
  setText(row.inView, formatCount(inView ?? 0));
  setText(row.fleet, fleet === undefined ? "" : formatCount(fleet));
}
