import { ConnectError } from "@connectrpc/connect";
import { Retries, type RetryOptions } from "./retries.js";
import { sleepUntilOnline } from "./wait.js";

/**
 * Makes a unary call until the server has answered it.
 * @param call makes it once, with a deadline of its own
 * @throws ConnectError when the server refuses, or the signal has ended it: the call may then have been done nevertheless
 */
export async function retryCall<T>(call: (signal: AbortSignal) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const signal = options.signal ?? new AbortController().signal;
  const retries = new Retries(options);
  while (true) {
    let error: ConnectError;
    try {
      signal.throwIfAborted();
      return await call(signal);
    } catch (caught) {
      error = ConnectError.from(caught);
    }
    const waitMs = signal.aborted ? undefined : retries.failed(error);
    if (waitMs === undefined) throw error;
    await sleepUntilOnline(waitMs, signal);
  }
}
