import { backoffMs } from "./backoff.ts";

/**
 * Asks again and again for as long as the page lives: `pollMs` after an answer, sooner but with growing waits while calls
 * fail. The badge tells whether the server is there; what was told last stays true meanwhile.
 */
export async function keepAsking<T>(ask: () => Promise<T>, onAnswer: (answer: T) => void, pollMs: number, failures = 0): Promise<void> {
  let answer: { readonly value: T } | undefined;
  try {
    answer = { value: await ask() };
  } catch {
    failures++;
  }
  const wait = answer === undefined ? backoffMs(failures, Math.random()) : pollMs;
  setTimeout(() => void keepAsking(ask, onAnswer, pollMs, answer === undefined ? failures : 0), wait);
  if (answer !== undefined) onAnswer(answer.value);
}
