import type { Connection, WatchEnd } from "./end.js";
import { readCall } from "./read-call.js";
import { Retries, type RetryOptions } from "./retries.js";
import { onOnline, sleepUntilOnline } from "./wait.js";

/** A stream that is opened again whenever it is lost. */
export interface WatchOptions<Message> extends RetryOptions {
  open(signal: AbortSignal): AsyncIterable<Message>;
  /** Another stream begins, which tells everything anew. */
  onOpen?(): void;
  /** @returns true when what is watched is over */
  onMessage(message: Message): boolean | void;
  onConnection?(connection: Connection): void;
  /** So much silence is a dead connection. */
  readonly silenceMs: number;
}

/**
 * Watches until it is over, refused or aborted; everything else it mends. Never two streams at once, and nothing is queued:
 * a message is handled before the next is read.
 * @throws what a callback throws; the stream is ended then
 */
export async function keepWatching<Message>(options: WatchOptions<Message>): Promise<WatchEnd> {
  const signal = options.signal ?? new AbortController().signal;
  const retries = new Retries(options);
  while (!signal.aborted) {
    options.onConnection?.({ kind: "connecting" });
    options.onOpen?.();
    let isLive = false;
    // A browser that is offline does not end what is open: when it is back, that may be dead without a word.
    const call = new AbortController();
    const endCall = () => call.abort(signal.reason);
    const forget = onOnline(endCall);
    signal.addEventListener("abort", endCall);
    if (signal.aborted) endCall();
    const error = await readCall<Message>({
      open: (ownSignal) => options.open(ownSignal),
      onMessage: (message) => {
        retries.succeeded();
        if (!isLive) options.onConnection?.({ kind: "live" });
        isLive = true;
        return options.onMessage(message);
      },
      signal: call.signal,
      silenceMs: options.silenceMs,
      tokens: options.tokens,
    }).finally(() => {
      forget();
      signal.removeEventListener("abort", endCall);
    });
    if (error === undefined) return { kind: "over" };
    if (signal.aborted) break;
    if (call.signal.aborted) continue;
    const waitMs = retries.failed(error);
    if (waitMs === undefined) return { kind: "refused", error };
    options.onConnection?.({ kind: "waiting", retryAt: performance.now() + waitMs, failures: retries.failures, error });
    await sleepUntilOnline(waitMs, signal);
  }
  return { kind: "aborted" };
}
