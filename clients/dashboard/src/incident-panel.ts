import { timestampDate } from "@ride-tracking/client";
import { IncidentKind, type Incident } from "@ride-tracking/client/v1/incident";
import { TripActor } from "@ride-tracking/client/v1/trip";
import { element, setText } from "./dom.ts";

const kinds: Record<IncidentKind, string> = {
  [IncidentKind.UNSPECIFIED]: "Incident",
  [IncidentKind.ACCIDENT]: "Accident",
  [IncidentKind.THREAT]: "Threat",
  [IncidentKind.VEHICLE]: "Vehicle",
  [IncidentKind.PASSENGER]: "Passenger",
  [IncidentKind.OTHER]: "Other",
};

/** Longest note that the server takes. */
const maxNoteLength = 280;

/** Who told of it and whom it is about, in a line. */
export function describeIncident(incident: Incident): string {
  const { driver } = incident;
  const car = driver === undefined ? "no driver" : [driver.displayName || driver.driverId, driver.licensePlate].filter(Boolean).join(" · ");
  return incident.raisedBy === TripActor.RIDER ? `told by rider ${incident.riderId} · ${car}` : car;
}

/** The open incidents, each with a way to its driver and a way to close it; nothing while there are none. */
export class IncidentPanel {
  readonly root = element("aside", "card panel incidents");
  private readonly title = element("h2");
  private readonly list = element("ol");
  private readonly rows = new Map<string, HTMLElement>();

  /**
   * @param onShown somebody wants to see it on the map
   * @param close rejects when it could not be closed
   */
  constructor(
    private readonly onShown: (incident: Incident) => void,
    private readonly close: (incidentId: string, note: string) => Promise<void>,
  ) {
    this.root.hidden = true;
    this.root.setAttribute("aria-label", "Open incidents");
    this.root.append(element("header", "", element("div", "panel-title", this.title)), this.list);
  }

  /** Rows stay as they are while their incident is open, so that nothing that is typed gets lost. */
  show(open: readonly Incident[]): void {
    const ids = new Set(open.map((incident) => incident.incidentId));
    for (const id of this.rows.keys()) if (!ids.has(id)) this.rows.delete(id);
    for (const incident of open) {
      if (!this.rows.has(incident.incidentId)) this.rows.set(incident.incidentId, this.newRow(incident));
    }
    const rows = open.map((incident) => this.rows.get(incident.incidentId)!);
    if (rows.length !== this.list.childElementCount || rows.some((row, index) => this.list.children[index] !== row)) {
      const focused = document.activeElement;
      this.list.replaceChildren(...rows);
      if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus();
    }
    setText(this.title, open.length === 1 ? "1 open incident" : `${open.length} open incidents`);
    this.root.hidden = open.length === 0;
  }

  private newRow(incident: Incident): HTMLElement {
    const note = element("input");
    note.placeholder = "What was done";
    note.maxLength = maxNoteLength;
    note.setAttribute("aria-label", "What was done");
    const send = element("button", "button-quiet", "Close");
    send.type = "submit";
    const trouble = element("p", "panel-notice");
    trouble.hidden = true;
    const form = element("form", "incident-close", note, send);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send.disabled = true;
      trouble.hidden = true;
      this.close(incident.incidentId, note.value.trim()).catch(() => {
        send.disabled = false;
        setText(trouble, "It could not be closed just now.");
        trouble.hidden = false;
      });
    });
    const time = incident.occurredAt && timestampDate(incident.occurredAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const show = element(
      "button", "incident-show",
      element("span", "incident-head", element("b", "", kinds[incident.kind] ?? "Incident"), element("span", "", time ?? "")),
      element("span", "incident-who", describeIncident(incident)),
      element("span", "incident-note", incident.note),
    );
    show.type = "button";
    show.addEventListener("click", () => this.onShown(incident));
    const row = element("li", "", show, form, trouble);
    row.dataset["incident"] = incident.incidentId;
    return row;
  }
}
