import { Code, ConnectError, durationMs, type Client } from "@ride-tracking/client";
import type { FleetService, GetFleetDriverResponse } from "@ride-tracking/client/v1/fleet";
import { DriverAvailability, DriverLink } from "@ride-tracking/client/v1/trip";
import { carIcon } from "./car-icon.ts";
import { carState, isLost, stateLooks } from "./car-state.ts";
import { element, setText } from "./dom.ts";
import { formatAge, formatCourse, formatPlace, formatSpeed } from "./format.ts";
import { rejectNotice } from "./reject-notice.ts";
import { shownTrip, type ShownTrip } from "./shown-trip.ts";
import { TripSection } from "./trip-section.ts";

const pollMs = 2_000;
/** From this age on the position is marked as old. */
export const oldAfterSeconds = 15;

const availabilities: Record<DriverAvailability, string> = {
  [DriverAvailability.UNSPECIFIED]: "Never said",
  [DriverAvailability.OFFLINE]: "Off duty",
  [DriverAvailability.AVAILABLE]: "Available",
  [DriverAvailability.PAUSED]: "Paused",
  [DriverAvailability.LAST_TRIP]: "Last trip",
};

const links: Record<DriverLink, string> = {
  [DriverLink.UNSPECIFIED]: "Reports without a stream",
  [DriverLink.CONNECTED]: "Connected",
  [DriverLink.LOST]: "Lost",
};

type Field = "age" | "place" | "speed" | "course" | "accuracy" | "availability" | "link" | "vehicle" | "plate" | "trips";

const labels: Record<Field, string> = {
  age: "Position age",
  place: "Position",
  speed: "Speed",
  course: "Course",
  accuracy: "Accuracy",
  availability: "Availability",
  link: "App link",
  vehicle: "Vehicle",
  plate: "Plate",
  trips: "Trips",
};

/** Everything about one driver, asked for anew every two seconds while it is open. */
export class DriverPanel {
  readonly root = element("aside", "card panel driver");
  private readonly icon = element("span", "panel-icon");
  private readonly name = element("h2");
  private readonly id = element("span", "panel-id");
  private readonly state = element("span", "panel-state");
  private readonly notice = element("p", "panel-notice");
  private readonly trip = new TripSection();
  private readonly follow = element("input");
  private readonly values = new Map<Field, HTMLElement>();
  private driverId: string | undefined;
  private pollTimer: ReturnType<typeof setTimeout> | undefined;
  private abort = new AbortController();
  private fixedAt: number | undefined;

  constructor(
    private readonly client: Client<typeof FleetService>,
    /** The trip of the driver whose panel is open; undefined without one. */
    private readonly onTrip: (trip: ShownTrip | undefined) => void,
    private readonly onClose: () => void,
  ) {
    const close = element("button", "button-close", "×");
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => this.close());
    const list = element("dl");
    for (const [field, label] of Object.entries(labels) as [Field, string][]) {
      const value = element("dd");
      value.dataset["field"] = field;
      this.values.set(field, value);
      list.append(element("dt", "", label), value);
    }
    this.follow.type = "checkbox";
    this.root.hidden = true;
    this.root.setAttribute("aria-label", "Driver");
    this.root.append(
      element("header", "", this.icon, element("div", "panel-title", this.name, this.id), close),
      this.state,
      this.notice,
      this.trip.root,
      list,
      element("label", "panel-follow", this.follow, "Keep in the middle"),
    );
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  get isFollowing(): boolean {
    return this.driverId !== undefined && this.follow.checked;
  }

  stopFollowing(): void {
    this.follow.checked = false;
  }

  open(driverId: string): void {
    this.stopPolling();
    this.driverId = driverId;
    this.fixedAt = undefined;
    this.follow.checked = false;
    setText(this.name, driverId);
    setText(this.id, "");
    setText(this.state, "");
    this.icon.replaceChildren();
    for (const value of this.values.values()) setText(value, "…");
    this.tell("");
    this.showTrip(undefined);
    this.root.hidden = false;
    void this.poll(driverId);
  }

  close(): void {
    if (this.driverId === undefined) return;
    this.stopPolling();
    this.driverId = undefined;
    this.root.hidden = true;
    this.showTrip(undefined);
    this.onClose();
  }

  /** Lets the age and the times of arrival tick. */
  tick(now: number): void {
    this.trip.tick(now);
    const value = this.values.get("age");
    if (value === undefined || this.fixedAt === undefined) return;
    const age = (now - this.fixedAt) / 1000;
    setText(value, formatAge(age));
    value.classList.toggle("is-old", age > oldAfterSeconds);
  }

  private stopPolling(): void {
    clearTimeout(this.pollTimer);
    this.abort.abort();
    this.abort = new AbortController();
  }

  private async poll(driverId: string): Promise<void> {
    const { signal } = this.abort;
    try {
      const driver = await this.client.getFleetDriver({ driverId }, { signal, timeoutMs: 5_000 });
      if (!signal.aborted) this.show(driver);
    } catch (error) {
      if (signal.aborted) return;
      const { code } = ConnectError.from(error);
      this.tell(code === Code.NotFound ? "The server does not know this driver any more." : "No news of this driver just now.");
    }
    this.pollTimer = setTimeout(() => void this.poll(driverId), pollMs);
  }

  private show(driver: GetFleetDriverResponse): void {
    const state = carState(driver.work, driver.availability);
    const look = stateLooks[state];
    this.tell(rejectNotice(driver.lastReject));
    this.icon.replaceChildren(carIcon(state, isLost(driver.link)));
    setText(this.name, driver.displayName || driver.driverId);
    setText(this.id, driver.displayName === "" ? "not in the directory" : driver.driverId);
    setText(this.state, look?.label ?? "");
    this.state.style.setProperty("--state", look?.color ?? "");
    this.fixedAt = driver.age === undefined ? undefined : performance.now() - durationMs(driver.age);
    this.set("age", this.fixedAt === undefined ? undefined : formatAge((performance.now() - this.fixedAt) / 1000));
    this.set("place", driver.location && formatPlace(driver.location.latitude, driver.location.longitude));
    this.set("speed", driver.speedMetersPerSecond === undefined ? undefined : formatSpeed(driver.speedMetersPerSecond));
    this.set("course", driver.courseDegrees === undefined ? undefined : formatCourse(driver.courseDegrees));
    this.set("accuracy", driver.horizontalAccuracyMeters === undefined ? undefined : `± ${Math.round(driver.horizontalAccuracyMeters)} m`);
    this.set("availability", availabilities[driver.availability]);
    this.set("link", links[driver.link]);
    this.set("vehicle", driver.vehicleDescription);
    this.set("plate", driver.licensePlate);
    this.set("trips", driver.tripIds.join("\n"));
    this.showTrip(shownTrip(driver, performance.now()));
  }

  private showTrip(trip: ShownTrip | undefined): void {
    this.trip.show(trip, performance.now());
    this.onTrip(trip);
  }

  private set(field: Field, text: string | undefined): void {
    const value = this.values.get(field);
    if (value !== undefined) setText(value, text || "–");
  }

  private tell(notice: string): void {
    setText(this.notice, notice);
    this.notice.hidden = notice === "";
  }
}
