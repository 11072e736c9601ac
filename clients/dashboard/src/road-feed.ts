import { keepAsking, type TokenSource } from "@ride-tracking/client";
import { reportFault } from "./report-fault.ts";

const pollMs = 15_000;
const timeoutMs = 10_000;

/** What tiles of roads there are: of TileJSON 3.0 what the page wants to know. */
export interface RoadTileset {
  /** Another one when the roads are others. */
  readonly version: string;
  /** Addresses with `{z}`, `{x}` and `{y}`, from the page's own. */
  readonly tiles: readonly string[];
  readonly minzoom: number;
  readonly maxzoom: number;
  /** West, south, east, north in degrees. */
  readonly bounds: readonly [number, number, number, number];
  /** Whose map it is, as HTML; empty where that need not be told. */
  readonly attribution: string;
}

/** Tells the roads under the map, undefined when there are none, and again when they are others. */
export class RoadFeed {
  private version: string | undefined;

  constructor(
    private readonly tokens: TokenSource,
    private readonly onRoads: (roads: RoadTileset | undefined) => void,
  ) {
    // As with the zones.
    keepAsking({ ask: () => this.fetch(), onAnswer: (roads) => this.tell(roads), isFinal: () => false, pollMs }).catch(reportFault);
  }

  private async fetch(): Promise<RoadTileset | undefined> {
    const response = await fetch("./tiles/roads.json", {
      headers: { authorization: `Bearer ${await this.tokens.token()}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status === 204) return undefined;
    if (!response.ok) throw new Error(`the server answered ${response.status} when asked for its roads`);
    return (await response.json()) as RoadTileset;
  }

  private tell(roads: RoadTileset | undefined): void {
    if (roads?.version === this.version) return;
    this.version = roads?.version;
    this.onRoads(roads);
  }
}
