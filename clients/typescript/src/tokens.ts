import { backoffMs } from "./backoff.js";
import { orAborted } from "./wait.js";

/** What is known when a token is asked for. */
export interface TokenQuestion {
  /** The token that the server no longer takes; undefined when none was refused. */
  readonly refused: string | undefined;
  /** Aborts when nobody needs a token any more. */
  readonly signal: AbortSignal;
}

/** Gives a bearer token, without the word `Bearer`. What it throws counts as a failed try of the call that needed it. */
export type AskForToken = (question: TokenQuestion) => Promise<string>;

/** A token is replaced when this share of its lifetime has passed. */
const renewedAfter = 0.6;
const longestTimerMs = 2 ** 31 - 1;

interface Held {
  readonly value: string;
  /** In milliseconds of `now`. */
  readonly askedAt: number;
  /** In milliseconds; endless when the token does not tell. */
  readonly lifetimeMs: number;
}

/**
 * The token that calls are made with. Asks for it when the first call needs it, again before it ends, and again when the
 * server refused it; one question at a time, whoever waits for the answer.
 */
export class TokenSource {
  private held: Held | undefined;
  private lastRefused: string | undefined;
  private asking: Promise<Held> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private readonly listeners = new Set<() => void>();
  private readonly life = new AbortController();

  /** @param now milliseconds of a clock that is never set, as `performance.now()` */
  constructor(
    private readonly ask: AskForToken,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param signal ends the wait; the question itself goes on for others */
  async token(signal?: AbortSignal): Promise<string> {
    const held = this.held;
    if (held !== undefined && this.ageOf(held) < held.lifetimeMs * renewedAfter) return held.value;
    try {
      return (await orAborted(this.obtain(), signal)).value;
    } catch (error) {
      // The one that is due to be replaced holds until its end, and the next call asks again.
      if (held !== undefined && this.held === held && this.ageOf(held) < held.lifetimeMs && !signal?.aborted) return held.value;
      throw error;
    }
  }

  /** The server no longer takes it: the next call asks for another. A newer one stays. */
  refused(token: string | undefined = this.held?.value): void {
    if (token === undefined || this.held?.value !== token) return;
    this.lastRefused = token;
    this.held = undefined;
    clearTimeout(this.timer);
  }

  /**
   * Tells that a newer token took the place of one that was still good: streams that last may be opened anew with it. While
   * somebody listens, tokens are renewed by a timer, not only when a call needs one.
   * @returns ends it
   */
  onRenewed(listener: () => void): () => void {
    this.listeners.add(listener);
    this.renewLater();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) clearTimeout(this.timer);
    };
  }

  /** Ends a question that is under way, and the timer. */
  close(): void {
    this.listeners.clear();
    clearTimeout(this.timer);
    this.life.abort();
  }

  private obtain(): Promise<Held> {
    this.asking ??= this.askOnce().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async askOnce(): Promise<Held> {
    const former = this.held;
    const value = await this.ask({ refused: this.lastRefused, signal: this.life.signal });
    this.held = { value, askedAt: this.now(), lifetimeMs: lifetimeMs(value) ?? Number.POSITIVE_INFINITY };
    this.failures = 0;
    this.renewLater();
    if (former !== undefined && former.value !== value) for (const listener of [...this.listeners]) listener();
    return this.held;
  }

  private renewLater(): void {
    clearTimeout(this.timer);
    if (this.held === undefined || !Number.isFinite(this.held.lifetimeMs) || this.listeners.size === 0 || this.life.signal.aborted) return;
    const dueMs = this.failures > 0 ? backoffMs(this.failures, Math.random()) : this.held.lifetimeMs * renewedAfter - this.ageOf(this.held);
    this.timer = setTimeout(() => void this.renew(), Math.max(0, Math.min(longestTimerMs, dueMs)));
  }

  private async renew(): Promise<void> {
    try {
      await this.obtain();
    } catch {
      // Whoever needs a token when this one has ended is told; until then it is tried again.
      this.failures++;
      this.renewLater();
    }
  }

  private ageOf(held: Held): number {
    return this.now() - held.askedAt;
  }
}

/**
 * Milliseconds from a JWT's being issued to its end; undefined for a token that does not tell. By its own length, not by its
 * end: the server's clock may be another, and may run faster. Checking the token is the server's business.
 */
export function lifetimeMs(token: string): number | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  let claims: { iat?: unknown; nbf?: unknown; exp?: unknown } | null;
  try {
    claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as typeof claims;
  } catch {
    // Not a JWT: the server may still know it.
    return undefined;
  }
  const issued = claims?.iat ?? claims?.nbf;
  const end = claims?.exp;
  return typeof issued === "number" && typeof end === "number" && end > issued ? (end - issued) * 1000 : undefined;
}
