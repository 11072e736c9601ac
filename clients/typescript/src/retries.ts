import { Code, type ConnectError } from "@connectrpc/connect";
import { backoffMs, defaultBackoff, type BackoffBounds } from "./backoff.js";
import { isRefusal, retryAfterMs } from "./refusal.js";
import type { TokenSource } from "./tokens.js";

/** How calls are tried again. */
export interface RetryOptions {
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Where the calls' tokens come from: waiting for one, perhaps for a person to paste it, is no silence of the server's. */
  readonly tokens?: TokenSource;
  /** Whether an error ends it; `isRefusal` unless given. A page that stays open for ever may say never. */
  readonly isFinal?: (error: ConnectError) => boolean;
  readonly backoff?: BackoffBounds;
  /** From 0 to 1; `Math.random` unless given. */
  readonly random?: () => number;
}

/** Decides after each failure whether and when to try again. */
export class Retries {
  /** Tries in vain since the last success. */
  failures = 0;
  private mayBeOldToken = true;

  constructor(private readonly options: RetryOptions) {}

  succeeded(): void {
    this.failures = 0;
    this.mayBeOldToken = true;
  }

  /** Milliseconds until the next try; undefined when there is none. */
  failed(error: ConnectError): number | undefined {
    if (error.code === Code.Unauthenticated && this.mayBeOldToken) {
      // A refused token may have been an old one: worth one more try with a new one, at once.
      this.mayBeOldToken = false;
      return 0;
    }
    if ((this.options.isFinal ?? isRefusal)(error)) return undefined;
    this.failures++;
    const random = (this.options.random ?? Math.random)();
    return backoffMs(this.failures, random, retryAfterMs(error), this.options.backoff ?? defaultBackoff);
  }
}
