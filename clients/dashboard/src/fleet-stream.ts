import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import { backoffMs } from "./backoff.ts";
import {
  WatchFleetRequestSchema,
  type FleetDriver,
  type FleetService,
  type WatchFleetResponse,
} from "./gen/ridetracking/v1/fleet_pb.ts";
import type { ViewportDegrees } from "./viewport.ts";

/** How the page is connected. `retryAt` is in milliseconds of `performance.now()`. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "waiting"; readonly retryAt: number; readonly failures: number; readonly reason: string };

/** Where a fleet's frames go. */
export interface FleetSink {
  /** All drivers of the viewport; whatever was known before is out of date. */
  onSnapshot(drivers: readonly FleetDriver[]): void;
  onChanges(drivers: readonly FleetDriver[], leftSlots: readonly number[]): void;
  /** Every frame, whatever else it holds. */
  onFrame(frame: WatchFleetResponse): void;
  onConnection(connection: Connection): void;
  /** The server no longer takes the token. */
  onTokenRefused(): void;
}

/** The server sends a frame each second: this much silence is a dead connection. */
const silenceMs = 8_000;

/** One `WatchFleet` call. */
class Watch {
  readonly abort = new AbortController();
  readonly snapshot = new Map<number, FleetDriver>();
  /** In milliseconds of `performance.now()`; endless until the call has begun. */
  lastHeard = Number.POSITIVE_INFINITY;
  constructor(readonly viewport: ViewportDegrees) {}
}

/**
 * Keeps the page supplied with the drivers of a viewport. A browser holds six connections to a host, so there is one
 * stream, and a second one only while the viewport changes: the old one goes when the new one's snapshot is complete.
 */
export class FleetStream {
  private current: Watch | undefined;
  private next: Watch | undefined;
  private viewport: ViewportDegrees | undefined;
  private failures = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client<typeof FleetService>,
    private readonly sink: FleetSink,
    /** Resolves when there is a token to call with. */
    private readonly whenAllowed: () => Promise<unknown>,
    private readonly minFrameIntervalMs: number,
  ) {
    setInterval(() => this.checkSilence(), 1_000);
  }

  /** The viewport of the frames that arrive now. */
  get watched(): ViewportDegrees | undefined {
    return (this.next ?? this.current)?.viewport;
  }

  get openStreams(): number {
    return Number(this.current !== undefined) + Number(this.next !== undefined);
  }

  /** Watches another viewport. While the connection is lost it is only noted. */
  show(viewport: ViewportDegrees): void {
    this.viewport = viewport;
    if (this.retryTimer === undefined) this.open();
  }

  /** Opens the stream anew, with a newer token or after the network came back. */
  reopen(): void {
    if (this.viewport === undefined) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.open();
  }

  private open(): void {
    if (this.viewport === undefined) return;
    this.next?.abort.abort();
    const watch = new Watch(this.viewport);
    this.next = watch;
    if (this.current === undefined) this.sink.onConnection({ kind: "connecting" });
    void this.read(watch);
  }

  private async read(watch: Watch): Promise<void> {
    const request = create(WatchFleetRequestSchema, {
      viewport: { ...watch.viewport },
      minFrameInterval: durationFromMs(this.minFrameIntervalMs),
    });
    try {
      await this.whenAllowed();
      watch.lastHeard = performance.now();
      for await (const frame of this.client.watchFleet(request, { signal: watch.abort.signal })) {
        if (watch.abort.signal.aborted) return;
        watch.lastHeard = performance.now();
        this.apply(watch, frame);
      }
      this.fail(watch, new ConnectError("the server ended the stream", Code.Unavailable));
    } catch (error) {
      this.fail(watch, ConnectError.from(error));
    }
  }

  private apply(watch: Watch, frame: WatchFleetResponse): void {
    if (frame.snapshot) {
      collect(watch.snapshot, frame);
      if (!frame.snapshotComplete) return;
      this.takeOver(watch);
    } else {
      this.sink.onChanges(frame.drivers, frame.leftSlots);
    }
    this.sink.onFrame(frame);
  }

  private takeOver(watch: Watch): void {
    this.current?.abort.abort();
    this.current = watch;
    this.next = undefined;
    this.failures = 0;
    this.sink.onSnapshot([...watch.snapshot.values()]);
    watch.snapshot.clear();
    this.sink.onConnection({ kind: "live" });
  }

  private fail(watch: Watch, error: ConnectError): void {
    if (watch.abort.signal.aborted) return;
    this.next?.abort.abort();
    this.current?.abort.abort();
    this.next = this.current = undefined;
    this.failures++;
    if (error.code === Code.Unauthenticated || error.code === Code.PermissionDenied) this.sink.onTokenRefused();
    const delay = backoffMs(this.failures, Math.random());
    this.sink.onConnection({
      kind: "waiting",
      retryAt: performance.now() + delay,
      failures: this.failures,
      reason: error.rawMessage,
    });
    this.retryTimer = setTimeout(() => this.reopen(), delay);
  }

  private checkSilence(): void {
    const now = performance.now();
    for (const watch of [this.current, this.next]) {
      if (watch !== undefined && now - watch.lastHeard > silenceMs) {
        this.fail(watch, new ConnectError("nothing was heard from the server", Code.Unavailable));
      }
    }
  }
}

/** Adds a part of a snapshot by slot: a driver that changed meanwhile comes again, without its id, or has left. */
export function collect(snapshot: Map<number, FleetDriver>, part: WatchFleetResponse): void {
  for (const slot of part.leftSlots) snapshot.delete(slot);
  for (const driver of part.drivers) {
    if (driver.driverId === "") driver.driverId = snapshot.get(driver.slot)?.driverId ?? "";
    if (driver.driverId !== "") snapshot.set(driver.slot, driver);
  }
}
