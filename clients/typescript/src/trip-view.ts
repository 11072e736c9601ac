import type { VehiclePosition } from "./gen/ridetracking/v1/rider_pb.js";
import { TripState, type Route, type RouteProgress } from "./gen/ridetracking/v1/trip_pb.js";
import { SeenVehicle } from "./seen-vehicle.js";

/** What a trip and one that is shared have in common. */
export interface AnyTrip {
  readonly state: TripState;
  readonly route?: Route | undefined;
}

/** A trip and its car, as they are known now. */
export interface TripView<Trip extends AnyTrip> {
  /** Whole, with the route's polyline. */
  readonly trip: Trip;
  /** Where the car is; undefined while none is assigned, and until it is seen. */
  readonly vehicle: SeenVehicle | undefined;
  /** How far it has got on `trip.route`; undefined when that is not known. */
  readonly progress: RouteProgress | undefined;
}

/** A message of a watch. */
export interface TripNews<Trip extends AnyTrip> {
  readonly trip?: Trip | undefined;
  readonly position?: VehiclePosition | undefined;
  readonly progress?: RouteProgress | undefined;
}

/** Whether nothing happens to a trip any more. */
export function isOver(trip: AnyTrip): boolean {
  return trip.state === TripState.COMPLETED || trip.state === TripState.CANCELLED || trip.state === TripState.UNFULFILLED;
}

/** Puts the messages of a watch together. Holds the newest of each and nothing else. */
export class TripBook<Trip extends AnyTrip> {
  private view: TripView<Trip> | undefined;
  /** The way as this stream told it; another one tells it anew. */
  private route: Route | undefined;

  /** @param carOf names the car of a trip; empty for none */
  constructor(private readonly carOf: (trip: Trip) => string) {}

  /** Another stream begins. What is known stays until it tells something newer. */
  begin(): void {
    this.route = undefined;
  }

  /** @param now milliseconds of `performance.now()` */
  take(news: TripNews<Trip>, now: number): TripView<Trip> | undefined {
    const former = this.view;
    const trip = news.trip ?? former?.trip;
    if (trip === undefined) return undefined;
    if (news.trip !== undefined) this.keepRoute(news.trip);
    // Another car is not where the one before was.
    const car = this.carOf(trip);
    const isSameCar = car !== "" && former !== undefined && this.carOf(former.trip) === car;
    const known = isSameCar ? former : undefined;
    const hasCar = car !== "" && !isOver(trip);
    const vehicle = news.position === undefined ? known?.vehicle : new SeenVehicle(news.position, now);
    // Progress comes with a position; told of another route it says nothing about this one.
    const progress = news.position === undefined ? known?.progress : news.progress;
    this.view = {
      trip,
      vehicle: hasCar ? vehicle : undefined,
      progress: hasCar && progress?.routeVersion === trip.route?.version ? progress : undefined,
    };
    return this.view;
  }

  /** The polyline is left out while it is the one sent before on the stream. */
  private keepRoute({ route }: Trip): void {
    if (route !== undefined && route.encodedPolyline === "" && this.route?.version === route.version) {
      route.encodedPolyline = this.route.encodedPolyline;
    }
    this.route = route ?? this.route;
  }
}
