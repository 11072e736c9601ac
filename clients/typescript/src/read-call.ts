import { Code, ConnectError } from "@connectrpc/connect";
import type { TokenSource } from "./tokens.js";

/** One call that streams, and where its messages go. */
export interface StreamCall<Message> {
  open(signal: AbortSignal): AsyncIterable<Message>;
  /** @returns true when it is enough */
  onMessage(message: Message): boolean | void;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** So much silence is a dead connection. */
  readonly silenceMs: number;
  readonly tokens?: TokenSource | undefined;
}

/**
 * Reads a call until it has enough, is ended, or is lost.
 * @returns undefined when it had enough; otherwise why it ended, which is UNAVAILABLE also for an end in good order
 * @throws what `onMessage` throws: that is the app's own trouble, not the server's
 */
export async function readCall<Message>({ open, onMessage, signal, silenceMs, tokens }: StreamCall<Message>): Promise<ConnectError | undefined> {
  const own = new AbortController();
  const end = () => own.abort(signal.reason);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  let silent = false;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      silent = true;
      own.abort();
    }, silenceMs);
  };
  try {
    let messages: AsyncIterator<Message> | undefined;
    while (true) {
      let next: IteratorResult<Message>;
      try {
        if (messages === undefined) {
          await tokens?.token(own.signal);
          heard();
          own.signal.throwIfAborted();
          messages = open(own.signal)[Symbol.asyncIterator]();
        }
        next = await messages.next();
        own.signal.throwIfAborted();
      } catch (error) {
        return silent ? new ConnectError("nothing was heard from the server", Code.Unavailable) : ConnectError.from(error);
      }
      if (next.done) return new ConnectError("the server ended the stream", Code.Unavailable);
      heard();
      if (onMessage(next.value)) return undefined;
    }
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener("abort", end);
    // Also what was left in the middle, so that the browser has its connection back.
    own.abort();
  }
}
