import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Client, ConnectError } from "@connectrpc/connect";
import type { Aborted, Connection, Refused } from "./end.js";
import { FleetDrivers, type FleetChange } from "./fleet-drivers.js";
import { WatchFleetRequestSchema, type FleetCounts, type FleetService, type WatchFleetResponse } from "./gen/ridetracking/v1/fleet_pb.js";
import { readCall } from "./read-call.js";
import { Retries, type RetryOptions } from "./retries.js";
import { onOnline, sleep } from "./wait.js";

/** A rectangle in degrees; `west` greater than `east` crosses the antimeridian. */
export interface ViewportDegrees {
  readonly south: number;
  readonly west: number;
  readonly north: number;
  readonly east: number;
}

export interface FleetFeedOptions extends RetryOptions {
  readonly client: Client<typeof FleetService>;
  /** Shortest time between frames, 100 to 60,000 ms; 500 unless given. */
  readonly minFrameIntervalMs?: number;
  /** No more drivers than this are kept; 100,000 unless given. Those beyond are counted in `leftOut`. */
  readonly maxDrivers?: number;
  /** The picture changed. A whole one comes first, after each change of the viewport, and after each break. */
  onChange(change: FleetChange): void;
  /** Every frame that belongs to the picture, after what it changed was told: one each second also when nothing changes. */
  onFrame?(frame: WatchFleetResponse): void;
  onConnection?(connection: Connection): void;
}

/** The server sends a frame each second, or at the interval asked for: so much more silence is a dead connection. */
const silenceMs = 8_000;
const defaultFrameIntervalMs = 500;
const defaultMostDrivers = 100_000;

/** One `WatchFleet` call. */
class Watch {
  readonly abort = new AbortController();
  readonly drivers: FleetDrivers;
  constructor(
    readonly viewport: ViewportDegrees,
    most: number,
  ) {
    this.drivers = new FleetDrivers(most);
  }
}

/**
 * The drivers of a viewport, live. A browser holds six HTTP/1.1 connections to a host, so there is one stream, and a second
 * one only while the viewport changes: the old one goes on until the new one's snapshot is complete, so that the picture is
 * never empty. Lost streams are opened again until the feed is closed or refused.
 */
export class FleetFeed {
  /** Why it ended. Rejects with what a callback throws. */
  readonly ended: Promise<Refused | Aborted>;
  /** Of the whole fleet; undefined before the first frame that tells. */
  counts: FleetCounts | undefined;

  private readonly life = new AbortController();
  private readonly retries: Retries;
  private settle!: { readonly end: (end: Refused | Aborted) => void; readonly fail: (error: unknown) => void };
  private viewport: ViewportDegrees | undefined;
  private current: Watch | undefined;
  private next: Watch | undefined;
  private retry: AbortController | undefined;
  private readonly forget: readonly ((() => void) | undefined)[];

  constructor(private readonly options: FleetFeedOptions) {
    this.ended = new Promise((end, fail) => (this.settle = { end, fail }));
    this.retries = new Retries(options);
    // When the network is back, an open stream may be dead without a word.
    this.forget = [options.tokens?.onRenewed(() => this.reopen()), onOnline(() => this.reopen())];
    options.signal?.addEventListener("abort", this.close);
    if (options.signal?.aborted) this.close();
  }

  /** The viewport that was asked for last. */
  get watched(): ViewportDegrees | undefined {
    return this.viewport;
  }

  /** One, and two while the viewport changes. */
  get openStreams(): number {
    return Number(this.current !== undefined) + Number(this.next !== undefined);
  }

  /** Those of the picture as it is now. */
  get drivers(): Pick<FleetDrivers, "get" | "size" | typeof Symbol.iterator> {
    return this.current?.drivers ?? noDrivers;
  }

  /** Changes that were left out of the picture: see `maxDrivers`. */
  get leftOut(): number {
    return this.current?.drivers.leftOut ?? 0;
  }

  /** Watches another viewport. While the connection is lost it is only noted. */
  show(viewport: ViewportDegrees): void {
    this.viewport = viewport;
    if (this.retry === undefined) this.open();
  }

  /** Opens the stream anew, as when the server is said to be back. */
  reopen(): void {
    this.retry?.abort();
    this.retry = undefined;
    this.open();
  }

  /** Ends it. */
  readonly close = (): void => this.finish(() => this.settle.end({ kind: "aborted" }));

  private open(): void {
    if (this.viewport === undefined || this.life.signal.aborted) return;
    this.next?.abort.abort();
    const watch = new Watch(this.viewport, this.options.maxDrivers ?? defaultMostDrivers);
    this.next = watch;
    this.guard(async () => {
      if (this.current === undefined) this.options.onConnection?.({ kind: "connecting" });
      await this.read(watch);
    });
  }

  private async read(watch: Watch): Promise<void> {
    const intervalMs = this.options.minFrameIntervalMs ?? defaultFrameIntervalMs;
    const request = create(WatchFleetRequestSchema, { viewport: { ...watch.viewport }, minFrameInterval: durationFromMs(intervalMs) });
    const error = await readCall<WatchFleetResponse>({
      open: (signal) => this.options.client.watchFleet(request, { signal }),
      onMessage: (frame) => this.apply(watch, frame),
      signal: watch.abort.signal,
      silenceMs: silenceMs + intervalMs,
      tokens: this.options.tokens,
    });
    if (error !== undefined && !watch.abort.signal.aborted) this.lost(watch, error);
  }

  private apply(watch: Watch, frame: WatchFleetResponse): void {
    const change = watch.drivers.apply(frame);
    if (change === undefined) return;
    const isNew = this.next === watch;
    if (isNew) this.takeOver(watch);
    if (frame.counts !== undefined) this.counts = frame.counts;
    this.options.onChange(change);
    // A callback may have closed the feed.
    if (isNew && !watch.abort.signal.aborted) this.options.onConnection?.({ kind: "live" });
    if (!watch.abort.signal.aborted) this.options.onFrame?.(frame);
  }

  private takeOver(watch: Watch): void {
    this.current?.abort.abort();
    this.current = watch;
    this.next = undefined;
    this.retries.succeeded();
  }

  private lost(watch: Watch, error: ConnectError): void {
    watch.abort.abort();
    if (this.current === watch) this.current = undefined;
    if (this.next === watch) this.next = undefined;
    // The stream that is to take its place is under way, or will be when its wait is over.
    if (this.next !== undefined || this.retry !== undefined) return;
    const waitMs = this.retries.failed(error);
    if (waitMs === undefined) {
      this.finish(() => this.settle.end({ kind: "refused", error }));
      return;
    }
    const retry = new AbortController();
    this.retry = retry;
    this.options.onConnection?.({ kind: "waiting", retryAt: performance.now() + waitMs, failures: this.retries.failures, error });
    void sleep(waitMs, retry.signal).then(() => {
      if (!retry.signal.aborted) this.reopen();
    });
  }

  /** What a callback throws ends the feed and is told there. */
  private guard(run: () => Promise<void>): void {
    run().catch((error: unknown) => this.finish(() => this.settle.fail(error)));
  }

  private finish(tell: () => void): void {
    if (this.life.signal.aborted) return;
    this.life.abort();
    for (const part of [this.retry, this.current?.abort, this.next?.abort]) part?.abort();
    this.current = this.next = undefined;
    for (const forget of this.forget) forget?.();
    this.options.signal?.removeEventListener("abort", this.close);
    tell();
  }
}

const noDrivers = new FleetDrivers(0);
