/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return waitFor(ms, signal, undefined);
}

/** The same, and also as soon as the browser says that the network is back: a rider in a tunnel should not wait on. */
export function sleepUntilOnline(ms: number, signal: AbortSignal): Promise<void> {
  return waitFor(ms, signal, "addEventListener" in globalThis ? globalThis : undefined);
}

function waitFor(ms: number, signal: AbortSignal, network: EventTarget | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      network?.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    network?.addEventListener("online", done);
    if (signal.aborted) done();
  });
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
