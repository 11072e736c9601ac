import type { ConnectError } from "@connectrpc/connect";

/** The server says no, and would say so again. */
export interface Refused {
  readonly kind: "refused";
  readonly error: ConnectError;
}

/** The app's own signal ended it. */
export interface Aborted {
  readonly kind: "aborted";
}

/** What one follows is over. */
export interface Over {
  readonly kind: "over";
}

/** Why a watch has ended. */
export type WatchEnd = Over | Refused | Aborted;

/** How a watch is connected. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | {
      readonly kind: "waiting";
      /** When the next try is due, in milliseconds of `performance.now()`. */
      readonly retryAt: number;
      /** Tries in vain since the last success. */
      readonly failures: number;
      /** Why the last one failed. */
      readonly error: ConnectError;
    };
