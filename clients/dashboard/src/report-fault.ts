/** A fault of the page's own: to the console and to whoever collects errors, as if nobody had caught it. */
export function reportFault(error: unknown): void {
  globalThis.reportError(error);
}
