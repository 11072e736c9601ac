import type { Client } from "@connectrpc/connect";
import type { FleetService } from "./gen/ridetracking/v1/fleet_pb.ts";
import type { ListZonesRequest, ListZonesResponse, Zone } from "./gen/ridetracking/v1/zone_pb.ts";
import { keepAsking } from "./keep-asking.ts";

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
    void keepAsking(() => listAllZones((request) => client.listZones(request, { timeoutMs })), (zones) => this.tell(zones), pollMs);
  }

  private tell(zones: readonly Zone[]): void {
    const version = zonesVersion(zones);
    if (version === this.version) return;
    this.version = version;
    this.onZones(zones);
  }
}
