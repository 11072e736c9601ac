import type { Client } from "@connectrpc/connect";
import { backoffMs } from "./backoff.ts";
import type { FleetService } from "./gen/ridetracking/v1/fleet_pb.ts";
import type { ListZonesRequest, ListZonesResponse, Zone } from "./gen/ridetracking/v1/zone_pb.ts";

const pollMs = 15_000;
const timeoutMs = 10_000;
/** A zone may hold 10,000 points: pages stay small enough to come in time. */
const pageSize = 100;

/** One call of `ListZones`. */
export type ListPage = (request: Pick<ListZonesRequest, "pageSize" | "pageToken">) => Promise<Pick<ListZonesResponse, "zones" | "nextPageToken">>;

/** The zones of all pages. Rejects when a page does: half a list would look as if zones had been deleted. */
export async function listAllZones(list: ListPage): Promise<Zone[]> {
  const zones: Zone[] = [];
  const asked = new Set<string>();
  let pageToken = "";
  do {
    if (asked.has(pageToken)) throw new Error("the list of zones goes round in a circle");
    asked.add(pageToken);
    const page = await list({ pageSize, pageToken });
    zones.push(...page.zones);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return zones;
}

/** The same for the same zones, another one after any change. */
export function zonesVersion(zones: readonly Zone[]): string {
  return zones.map((zone) => `${zone.zoneId} ${zone.version}`).join("\n");
}

/** Asks for the zones again and again, and tells when they are others. What was told stays true while calls fail. */
export class ZoneFeed {
  private version: string | undefined;
  private failures = 0;

  constructor(
    private readonly client: Client<typeof FleetService>,
    private readonly onZones: (zones: readonly Zone[]) => void,
  ) {
    void this.poll();
  }

  private async poll(): Promise<void> {
    let zones: Zone[] | undefined;
    try {
      zones = await listAllZones((request) => this.client.listZones(request, { timeoutMs }));
      this.failures = 0;
    } catch {
      // The badge tells whether the server is there; the zones on the map are the newest known.
      this.failures++;
    }
    setTimeout(() => void this.poll(), zones === undefined ? backoffMs(this.failures, Math.random()) : pollMs);
    if (zones === undefined) return;
    const version = zonesVersion(zones);
    if (version === this.version) return;
    this.version = version;
    this.onZones(zones);
  }
}
