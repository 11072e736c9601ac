/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

/** The same, and also as soon as the network is back: a rider who comes out of a tunnel should not wait on. */
export async function sleepUntilOnline(ms: number, signal: AbortSignal): Promise<void> {
  const awake = new AbortController();
  const wake = () => awake.abort();
  signal.addEventListener("abort", wake);
  const forget = onOnline(wake);
  if (signal.aborted) wake();
  await sleep(ms, awake.signal);
  signal.removeEventListener("abort", wake);
  forget();
}

/**
 * Tells each time that the browser says the network is back; never outside of a browser.
 * @returns ends it
 */
export function onOnline(listener: () => void): () => void {
  const target: EventTarget | undefined = "addEventListener" in globalThis ? globalThis : undefined;
  target?.addEventListener("online", listener);
  return () => target?.removeEventListener("online", listener);
}

/** What the promise gives, unless the signal aborts first: then it rejects with the signal's reason. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
