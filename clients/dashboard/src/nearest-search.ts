import { durationMs, type Client } from "@ride-tracking/client";
import { LeftOutReason, type DispatchService, type FoundDriver, type LeftOutDrivers } from "@ride-tracking/client/v1/dispatch";
import { wrapLongitude } from "./viewport.ts";

const pollMs = 3_000;
const timeoutMs = 5_000;
export const searchRadiusMeters = 5_000;
export const searchedDrivers = 5;

/** A place in degrees. */
export interface PlaceDegrees {
  readonly latitude: number;
  readonly longitude: number;
}

/** A driver near the place. */
export interface NearDriver {
  readonly driverId: string;
  readonly distanceMeters: number;
  readonly place: PlaceDegrees;
  /** When the fix was taken, in milliseconds of `performance.now()`. */
  readonly fixedAt: number;
  readonly found: FoundDriver;
}

/** @param now milliseconds of `performance.now()` */
export function nearDriver(found: FoundDriver, now: number): NearDriver {
  return {
    driverId: found.driverId,
    distanceMeters: found.distanceMeters,
    place: { latitude: found.location?.latitude ?? 0, longitude: found.location?.longitude ?? 0 },
    fixedAt: now - (found.fixAge === undefined ? 0 : durationMs(found.fixAge)),
    found,
  };
}

/** Who was last known here and has been silent since, in words; empty for nobody. */
export function silentNotice(leftOut: readonly LeftOutDrivers[]): string {
  const silent = leftOut.find((some) => some.reason === LeftOutReason.STALE_POSITION);
  if (silent === undefined) return "";
  const who = silent.count === 1 && !silent.atLeast ? "1 driver" : `${silent.count}${silent.atLeast ? " or more" : ""} drivers`;
  return `${who} last known here, silent since.`;
}

/** Where the drivers nearest to a place go. */
export interface NearestSink {
  onPlace(place: PlaceDegrees): void;
  /** @param notice who was left out, in words; empty for nobody */
  onFound(drivers: readonly NearDriver[], notice: string): void;
  /** No answer this time; what was found before is the newest known. */
  onFailed(): void;
  onEnd(): void;
}

/** Asks for the drivers nearest to a place, and goes on asking while the place stands: drivers drive. */
export class NearestSearch {
  private abort: AbortController | undefined;

  constructor(
    private readonly client: Client<typeof DispatchService>,
    private readonly sink: NearestSink,
  ) {}

  start(place: PlaceDegrees): void {
    this.abort?.abort();
    this.abort = new AbortController();
    this.sink.onPlace(place);
    void this.poll(place, this.abort.signal);
  }

  end(): void {
    if (this.abort === undefined) return;
    this.abort.abort();
    this.abort = undefined;
    this.sink.onEnd();
  }

  private async poll(place: PlaceDegrees, signal: AbortSignal): Promise<void> {
    const center = { latitude: place.latitude, longitude: wrapLongitude(place.longitude) };
    try {
      const { drivers, leftOut } = await this.client.searchDrivers(
        { center, radiusMeters: searchRadiusMeters, maxResults: searchedDrivers },
        { signal, timeoutMs },
      );
      if (!signal.aborted) this.sink.onFound(drivers.map((driver) => nearDriver(driver, performance.now())), silentNotice(leftOut));
    } catch {
      if (!signal.aborted) this.sink.onFailed();
    }
    if (!signal.aborted) setTimeout(() => void (signal.aborted || this.poll(place, signal)), pollMs);
  }
}
