const firstMs = 500;
const longestMs = 10_000;

/**
 * How long to wait before the next try, in milliseconds: doubling up to ten seconds, the second half of it random so
 * that a thousand pages do not come back at once.
 * @param failures tries that failed since the last success; at least 1
 * @param random from 0 to 1
 */
export function backoffMs(failures: number, random: number): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** (failures - 1));
  return ceiling / 2 + (ceiling / 2) * random;
}
