import type { Aborted, Connection, Refused } from "./end.js";
import { keepWatching } from "./keep-watching.js";
import type { RetryOptions } from "./retries.js";
import { isOver, TripBook, type AnyTrip, type TripNews, type TripView } from "./trip-view.js";

/** A trip may be silent, as while a driver is looked for: then it is asked anew, lest the connection is dead. */
const silenceMs = 60_000;

/** The trip is over; `trip` is how it ended. */
export interface TripOver<Trip> {
  readonly kind: "over";
  readonly trip: Trip;
}

/** Why a trip is followed no more. */
export type TripEnd<Trip> = TripOver<Trip> | Refused | Aborted;

export interface FollowOptions<Trip extends AnyTrip> extends RetryOptions {
  /** The whole view, after each change. */
  onView(view: TripView<Trip>): void;
  onConnection?(connection: Connection): void;
}

/** Watches one trip, in either form, until it is over. */
export async function watchView<Trip extends AnyTrip>(
  open: (signal: AbortSignal) => AsyncIterable<TripNews<Trip>>,
  carOf: (trip: Trip) => string,
  options: FollowOptions<Trip>,
): Promise<TripEnd<Trip>> {
  const book = new TripBook<Trip>(carOf);
  let over: TripOver<Trip> | undefined;
  const end = await keepWatching<TripNews<Trip>>({
    ...options,
    silenceMs,
    open,
    onOpen: () => book.begin(),
    onMessage: (news) => {
      const view = book.take(news, performance.now());
      if (view === undefined) return false;
      if (isOver(view.trip)) over = { kind: "over", trip: view.trip };
      options.onView(view);
      return over !== undefined;
    },
  });
  return end.kind === "over" ? over! : end;
}
