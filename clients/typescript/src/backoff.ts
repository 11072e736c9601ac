/** Bounds of the waits between tries, in milliseconds. */
export interface BackoffBounds {
  /** Bound of the first wait. */
  readonly firstMs: number;
  /** What the bound doubles up to. */
  readonly longestMs: number;
}

export const defaultBackoff: BackoffBounds = { firstMs: 500, longestMs: 10_000 };

/** No wait that a server asks for is longer; a timer of more than 24 days would fire at once. */
const longestAskedMs = 5 * 60_000;

/**
 * How long to wait before the next try, in milliseconds: a random time between nothing and a bound that doubles ("full
 * jitter"), so that after a server's restart its clients come back spread out, not in waves. When the server asked for a
 * wait, that one, and up to as much again.
 * @param failures tries that failed since the last success; at least 1
 * @param random from 0 to 1
 * @param askedMs the wait that the server asked for; undefined when it named none
 */
export function backoffMs(failures: number, random: number, askedMs?: number, bounds: BackoffBounds = defaultBackoff): number {
  const bound = Math.min(bounds.longestMs, bounds.firstMs * 2 ** Math.min(failures - 1, 30));
  if (askedMs === undefined) return bound * random;
  const asked = Math.max(0, Math.min(longestAskedMs, askedMs));
  return asked + Math.max(bound, asked) * random;
}
