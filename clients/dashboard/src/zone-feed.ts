import { keepAsking, type Client, type FleetService } from "@ride-tracking/client";
import type { ListZonesRequest, ListZonesResponse, Zone } from "@ride-tracking/client/v1/zone";
import { reportFault } from "./report-fault.ts";

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

/** Tells the zones, and again when they are others. */
export class ZoneFeed {
  private version: string | undefined;

  constructor(
    client: Client<typeof FleetService>,
    private readonly onZones: (zones: readonly Zone[]) => void,
  ) {
    // While nobody answers, what was told last stays true; the badge tells whether the server is there.
    keepAsking({
      ask: (signal) => listAllZones((request) => client.listZones(request, { signal, timeoutMs })),
      onAnswer: (zones) => this.tell(zones),
      isFinal: () => false,
      pollMs,
    }).catch(reportFault);
  }

  private tell(zones: readonly Zone[]): void {
    const version = zonesVersion(zones);
    if (version === this.version) return;
    this.version = version;
    this.onZones(zones);
  }
}
