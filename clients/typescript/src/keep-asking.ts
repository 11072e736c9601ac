import { ConnectError } from "@connectrpc/connect";
import type { Aborted, Refused } from "./end.js";
import { Retries, type RetryOptions } from "./retries.js";
import { sleep } from "./wait.js";

export interface AskOptions<Answer> extends RetryOptions {
  /** Asks once, with a deadline of its own. */
  ask(signal: AbortSignal): Promise<Answer>;
  onAnswer(answer: Answer): void;
  /** No answer this time; what was told last stays the newest known. */
  onFailure?(error: ConnectError): void;
  /** From an answer to the next question, in milliseconds. */
  readonly pollMs: number;
}

/**
 * Asks again and again: `pollMs` after an answer, sooner but with growing waits while calls fail.
 * @throws what a callback throws
 */
export async function keepAsking<Answer>(options: AskOptions<Answer>): Promise<Aborted | Refused> {
  const signal = options.signal ?? new AbortController().signal;
  const retries = new Retries(options);
  while (!signal.aborted) {
    let answer: { readonly value: Answer } | undefined;
    let error: ConnectError | undefined;
    try {
      answer = { value: await options.ask(signal) };
    } catch (caught) {
      error = ConnectError.from(caught);
    }
    if (signal.aborted) break;
    let waitMs: number | undefined = options.pollMs;
    if (error !== undefined) {
      waitMs = retries.failed(error);
      if (waitMs === undefined) return { kind: "refused", error };
      options.onFailure?.(error);
    } else if (answer !== undefined) {
      retries.succeeded();
      options.onAnswer(answer.value);
    }
    await sleep(waitMs, signal);
  }
  return { kind: "aborted" };
}
