import { keepWatching, type Client, type DispatchService, type TokenSource } from "@ride-tracking/client";
import type { Incident, WatchIncidentsResponse } from "@ride-tracking/client/v1/incident";
import { IncidentBook } from "./incident-book.ts";
import { reportFault } from "./report-fault.ts";

/** The server says something each 20 s: this much silence is a dead connection. */
const silenceMs = 30_000;
const closedKept = 1_000;

/** Keeps one `WatchIncidents` open for as long as the page lives. The badge tells whether the server is there. */
export class IncidentFeed {
  private readonly book = new IncidentBook();

  constructor(
    private readonly client: Client<typeof DispatchService>,
    tokens: TokenSource,
    private readonly onIncidents: (open: readonly Incident[]) => void,
  ) {
    keepWatching<WatchIncidentsResponse>({
      open: (signal) => client.watchIncidents({}, { signal }),
      // What was told stays true until another stream has told anew.
      onOpen: () => this.book.begin(),
      onMessage: (message) => {
        this.book.take(message);
        if (message.snapshotComplete) this.tell();
      },
      isFinal: () => false,
      silenceMs,
      tokens,
    }).catch(reportFault);
  }

  /** Closes an incident. Rejects when the server does not answer or refuses. */
  async close(incidentId: string, note: string): Promise<void> {
    const { incident } = await this.client.closeIncident({ incidentId, note }, { timeoutMs: 10_000 });
    if (incident === undefined) return;
    this.book.takeOne(incident);
    this.tell();
  }

  private tell(): void {
    this.book.forgetClosed(closedKept);
    this.onIncidents(this.book.open);
  }
}
