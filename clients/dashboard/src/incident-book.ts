import { IncidentState, type Incident, type WatchIncidentsResponse } from "@ride-tracking/client/v1/incident";

/**
 * The incidents that are open, as a watcher is told: all of them first, then each change, some of it twice. What is known
 * stays shown until another stream has told everything.
 */
export class IncidentBook {
  private readonly known = new Map<string, Incident>();
  private told: Set<string> | undefined;

  /** Open ones, the newest first. */
  get open(): Incident[] {
    return [...this.known.values()]
      .filter((incident) => incident.state === IncidentState.OPEN)
      .sort((a, b) => (a.version < b.version ? 1 : -1));
  }

  /** A stream begins: what it does not tell of is not open any more. */
  begin(): void {
    this.told = new Set();
  }

  take(message: Pick<WatchIncidentsResponse, "incidents" | "snapshotComplete">): void {
    for (const incident of message.incidents) {
      const known = this.known.get(incident.incidentId);
      // A store that has lost its last writes gives their versions again, so what an earlier stream told is not compared with.
      const isOfEarlier = this.told !== undefined && !this.told.has(incident.incidentId);
      this.told?.add(incident.incidentId);
      if (known === undefined || isOfEarlier || known.version < incident.version) this.known.set(incident.incidentId, incident);
    }
    if (!message.snapshotComplete || this.told === undefined) return;
    for (const id of this.known.keys()) if (!this.told.has(id)) this.known.delete(id);
    this.told = undefined;
  }

  /** What a call has answered, perhaps before the stream tells of it. */
  takeOne(incident: Incident): void {
    this.take({ incidents: [incident], snapshotComplete: false });
  }

  /** Closed ones are kept only so that nothing older of them counts; not for ever. */
  forgetClosed(most: number): void {
    const closed = [...this.known.values()].filter((incident) => incident.state !== IncidentState.OPEN).sort((a, b) => (a.version < b.version ? -1 : 1));
    for (const { incidentId } of closed.slice(0, Math.max(0, closed.length - most))) this.known.delete(incidentId);
  }
}
