import type { TestContext } from "node:test";

/** What was set off comes to its end, without time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass at once, and what it sets off come to its end. Timers must be mocked. */
export async function pass(t: TestContext, ms: number): Promise<void> {
  await settle();
  t.mock.timers.tick(ms);
  await settle();
}

/** Messages that a test sends when it likes, to the one stream that reads them. */
export class Channel<T> {
  private readonly waiting: (() => void)[] = [];
  private readonly queue: (T | Error | undefined)[] = [];

  send(message: T): void {
    this.put(message);
  }

  fail(error: Error): void {
    this.put(error);
  }

  end(): void {
    this.put(undefined);
  }

  async *read(signal: AbortSignal): AsyncGenerator<T> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    while (!signal.aborted) {
      if (this.queue.length === 0) {
        await Promise.race([aborted, new Promise<void>((resolve) => this.waiting.push(resolve))]);
        continue;
      }
      const next = this.queue.shift();
      if (next === undefined) return;
      if (next instanceof Error) throw next;
      yield next;
    }
  }

  private put(item: T | Error | undefined): void {
    this.queue.push(item);
    this.waiting.splice(0).forEach((wake) => wake());
  }
}

/** A browser's window, as far as it tells that the network is back. It stays for the tests that follow, and is silent. */
export function fakeNetwork(): { comeBack(): void } {
  const events = new EventTarget();
  const window = globalThis as Partial<Pick<EventTarget, "addEventListener" | "removeEventListener">>;
  window.addEventListener = events.addEventListener.bind(events);
  window.removeEventListener = events.removeEventListener.bind(events);
  return { comeBack: () => void events.dispatchEvent(new Event("online")) };
}

/** An unsigned JWT of some claims. */
export const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
