import { carIcon } from "./car-icon.ts";
import { carState, isLost } from "./car-state.ts";
import { element, setText } from "./dom.ts";
import { formatAge, formatDistance, formatPlace } from "./format.ts";
import { searchRadiusMeters, type NearDriver, type PlaceDegrees } from "./nearest-search.ts";
import { oldAfterSeconds } from "./panel.ts";
import type { ZoneUnder } from "./zone-layers.ts";
import { zoneRows } from "./zone-tip.ts";

interface Row {
  readonly root: HTMLButtonElement;
  readonly icon: HTMLElement;
  readonly name: HTMLElement;
  readonly distance: HTMLElement;
  readonly age: HTMLElement;
  driver: NearDriver | undefined;
}

/** The drivers nearest to a place that was clicked, and the zones around it. */
export class NearestPanel {
  readonly root = element("aside", "card panel nearest");
  private readonly place = element("span", "panel-id");
  private readonly zones = element("div", "nearest-zones");
  private readonly list = element("ol");
  private readonly notice = element("p", "panel-notice");
  private rows: Row[] = [];
  private selectedDriverId: string | undefined;

  constructor(
    private readonly onSelected: (driverId: string) => void,
    onClose: () => void,
  ) {
    const close = element("button", "button-close", "×");
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", onClose);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") onClose();
    });
    this.root.hidden = true;
    this.root.setAttribute("aria-label", "Nearest drivers");
    this.root.append(
      element("header", "", element("div", "panel-title", element("h2", "", "Nearest drivers"), this.place), close),
      this.zones,
      this.list,
      this.notice,
    );
  }

  open(place: PlaceDegrees, zones: readonly ZoneUnder[]): void {
    setText(this.place, formatPlace(place.latitude, place.longitude));
    this.zones.replaceChildren(...zoneRows(zones));
    this.setRows(0);
    this.tell("Looking…");
    this.root.hidden = false;
  }

  show(drivers: readonly NearDriver[], leftOut: string, now: number): void {
    this.setRows(drivers.length);
    this.rows.forEach((row, index) => {
      const driver = drivers[index];
      if (driver === undefined) return;
      row.driver = driver;
      row.icon.replaceChildren(carIcon(carState(driver.found.work, driver.found.availability), isLost(driver.found.link)));
      setText(row.name, driver.driverId);
      setText(row.distance, formatDistance(driver.distanceMeters));
    });
    this.markSelected();
    const nobody = drivers.length === 0 ? `Nobody within ${searchRadiusMeters / 1000} km.` : "";
    this.tell(`${nobody} ${leftOut}`.trim());
    this.tick(now);
  }

  fail(): void {
    this.tell("No answer just now.");
  }

  close(): void {
    this.root.hidden = true;
    this.setRows(0);
  }

  /** Marks the driver whose panel is open. */
  select(driverId: string | undefined): void {
    this.selectedDriverId = driverId;
    this.markSelected();
  }

  /** Lets the ages tick. */
  tick(now: number): void {
    for (const { driver, age } of this.rows) {
      if (driver === undefined) continue;
      const seconds = (now - driver.fixedAt) / 1000;
      setText(age, formatAge(seconds));
      age.classList.toggle("is-old", seconds > oldAfterSeconds);
    }
  }

  /** Rows stay when drivers change places, so that a click begun on one also ends on it. */
  private setRows(count: number): void {
    while (this.rows.length < count) this.rows.push(this.newRow());
    this.rows.length = count;
    if (this.list.childElementCount !== count) {
      this.list.replaceChildren(...this.rows.map((row) => element("li", "", row.root)));
    }
  }

  private newRow(): Row {
    const [icon, name, distance, age] = [element("span", "nearest-icon"), element("span", "nearest-name"), element("b"), element("span", "nearest-age")];
    const rank = element("span", "nearest-rank", `${this.rows.length + 1}`);
    const row: Row = { root: element("button", "nearest-row", rank, icon, name, distance, age), icon, name, distance, age, driver: undefined };
    row.root.type = "button";
    row.root.addEventListener("click", () => {
      if (row.driver !== undefined) this.onSelected(row.driver.driverId);
    });
    return row;
  }

  private markSelected(): void {
    for (const { root, driver } of this.rows) {
      root.classList.toggle("is-selected", driver !== undefined && driver.driverId === this.selectedDriverId);
    }
  }

  private tell(notice: string): void {
    setText(this.notice, notice);
    this.notice.hidden = notice === "";
  }
}
