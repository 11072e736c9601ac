import type { Client } from "@connectrpc/connect";
import { backoffMs } from "./backoff.ts";
import type { DispatchService } from "./gen/ridetracking/v1/dispatch_pb.ts";
import type { Incident } from "./gen/ridetracking/v1/incident_pb.ts";
import { IncidentBook } from "./incident-book.ts";

/** The server says something each 20 s: this much silence is a dead connection. */
const silenceMs = 30_000;
const closedKept = 1_000;

/** Keeps one `WatchIncidents` open for as long as the page lives. The badge tells whether the server is there. */
export class IncidentFeed {
  private readonly book = new IncidentBook();

  constructor(
    private readonly client: Client<typeof DispatchService>,
    private readonly onIncidents: (open: readonly Incident[]) => void,
  ) {
    void this.watch(0);
  }

  /** Closes an incident. Rejects when the server does not answer or refuses. */
  async close(incidentId: string, note: string): Promise<void> {
    const { incident } = await this.client.closeIncident({ incidentId, note }, { timeoutMs: 10_000 });
    if (incident === undefined) return;
    this.book.takeOne(incident);
    this.tell();
  }

  private async watch(failures: number): Promise<void> {
    const abort = new AbortController();
    let silence = setTimeout(() => abort.abort(), silenceMs);
    try {
      this.book.begin();
      for await (const message of this.client.watchIncidents({}, { signal: abort.signal })) {
        clearTimeout(silence);
        silence = setTimeout(() => abort.abort(), silenceMs);
        failures = 0;
        this.book.take(message);
        if (message.snapshotComplete) this.tell();
      }
    } catch {
      // Whatever it was: what was told stays true until another stream tells anew.
    }
    clearTimeout(silence);
    failures++;
    setTimeout(() => void this.watch(failures), backoffMs(failures, Math.random()));
  }

  private tell(): void {
    this.book.forgetClosed(closedKept);
    this.onIncidents(this.book.open);
  }
}
