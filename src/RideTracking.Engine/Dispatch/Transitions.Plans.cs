using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Dispatch;

// What becomes of a driver's plan: trips come and go, the way follows.
public static partial class Transitions
{
    // The trip is the driver's now. Null when it does not fit between those whom the driver has.
    private static DriverPlan? Claim(Trip trip, DriverPlan plan, Moment at)
    {
        var shares = OfferHindrances.CanShare(trip, plan, at.Rules);
        if ((shares ? SharedWay.Order(plan, trip, at.PlaceOf(plan.DriverId)?.Point, at.Now, at.Rules) : plan.Stops.AddRange(StopsOf(trip))) is not { } stops)
        {
            return null;
        }

        var claimed = WithRoute(
            plan with
            {
                Version = plan.Version + 1,
                OfferedTripId = null,
                Stops = stops,
                RecentRefusals = 0,
                CoolDownUntil = null,
            },
            at);
        return claimed with
        {
            Trips = plan.Trips.Add(new PlannedTrip(
                trip.Id, trip.PartySize, trip.Terms.CanShare, false, trip.Terms.CanShare ? SharedWay.Direct(trip, at.Rules.Router) : TimeSpan.Zero)
            {
                PromisedPickup = claimed.ArrivalAt(trip.Waypoints[0].Id),
            }),
        };
    }

    // The trip is not the driver's any more.
    private static DriverPlan Release(Trip trip, DriverPlan plan, Moment at)
    {
        var trips = plan.Trips.RemoveAll(t => t.TripId == trip.Id);
        var released = plan with
        {
            Version = plan.Version + 1,
            Trips = trips,
            Stops = plan.Stops.RemoveAll(s => s.TripId == trip.Id),
            RouteChanges = trips.IsEmpty ? 0 : plan.RouteChanges,
        };
        return WithRoute(released, at, trip.Waypoints.LastOrDefault(w => w.State == WaypointState.Done)?.Location);
    }

    // The trip's waypoints have changed.
    private static DriverPlan Restop(Trip trip, DriverPlan plan)
    {
        var now = StopsOf(trip);
        var before = plan.Stops.Where(s => s.TripId == trip.Id).Select(s => s.WaypointId);
        ImmutableArray<PlannedStop> stops;
        if (before.SequenceEqual(now.Select(s => s.WaypointId), StringComparer.Ordinal))
        {
            // Where they are between the stops of others, they stay.
            stops = [.. plan.Stops.Select(s => now.FirstOrDefault(n => n.WaypointId == s.WaypointId) ?? s)];
        }
        else
        {
            var first = Math.Max(0, plan.Stops.IndexOf(plan.Stops.FirstOrDefault(s => s.TripId == trip.Id)!));
            stops = plan.Stops.RemoveAll(s => s.TripId == trip.Id).InsertRange(first, now);
        }

        return plan with { Version = plan.Version + 1, Stops = stops };
    }

    private static ImmutableArray<PlannedStop> StopsOf(Trip trip) =>
        [.. trip.Ahead.Select(w => new PlannedStop(trip.Id, w.Id, w.Kind, w.State, w.Location, w.Label))];

    // The way from where the driver is through all stops, with the arrivals that follow from it.
    private static DriverPlan WithRoute(DriverPlan plan, Moment at, GeoPoint? lastKnown = null)
    {
        if (plan.Stops.IsEmpty)
        {
            return plan with { Route = null };
        }

        var start = at.PlaceOf(plan.DriverId) ?? new DriverPlace(plan.DriverId, lastKnown ?? plan.Stops[0].Location);
        var route = at.Rules.Router.Through(RouteStart.Car(start.Point, start.CourseDegrees), [.. plan.Stops.Select(s => s.Location)]);
        var arrival = at.Now;
        var stops = plan.Stops.ToBuilder();
        for (var i = 0; i < stops.Count; i++)
        {
            arrival += route.Legs[i].Duration;
            stops[i] = stops[i] with { EstimatedArrival = stops[i].State == WaypointState.Pending ? arrival : null };
        }

        ImmutableArray<string> waypoints = [.. plan.Stops.Select(s => s.WaypointId)];
        var isSame = plan.Route is { } known && known.Route.EncodedPolyline == route.EncodedPolyline && known.WaypointIds.SequenceEqual(waypoints);
        var made = isSame ? plan.RoutesMade : NextNumber(plan.RoutesMade, at);
        return plan with { Stops = stops.MoveToImmutable(), Route = new TripRoute(made, waypoints, route, at.Now), RoutesMade = made };
    }

    // Apps compare these alone: begun at the time, they are not given again by a store that has forgotten the last ones.
    private static ulong NextNumber(ulong last, Moment at) => Math.Max(last + 1, (ulong)at.Now.ToUnixTimeMilliseconds());

    // The new way in the driver's plan, and the command that tells it.
    private static (DriverPlan Plan, RouteChanged Command) Tell(DriverPlan plan, RouteChangeReason reason, Moment at)
    {
        var told = plan with { RoutePlanVersion = NextNumber(plan.RoutePlanVersion, at) };
        var holds = at.Rules.MaxDuration > at.Rules.CommandLifetime ? at.Rules.MaxDuration : at.Rules.CommandLifetime;
        return (told, new RouteChanged(plan.DriverId, at.Now + holds, told.RoutePlanVersion, told.Stops, told.Route, reason));
    }

    // What the rider is told of the arrivals to come is kept beside what comes true.
    private static Trip Promise(Trip trip, DriverPlan plan, Moment at) => trip with
    {
        Promised = trip.Promised.AddRange(
            plan.Stops.Where(s => s.TripId == trip.Id && s.EstimatedArrival is not null)
                .Select(s => new PromisedArrival(s.WaypointId, s.EstimatedArrival!.Value, at.Now))),
    };

    private static TransitionResult FindRouteAnew(RouteOutdated e, Moment at)
    {
        var plan = at.PlanOf(e.DriverId);
        if (plan.Route?.Version != e.RouteVersion)
        {
            return new Refused(RefusalReason.WrongState, null, "The route is not the driver's route any more.");
        }

        if (plan.RouteChanges >= at.Rules.MaxRouteChanges)
        {
            return new Refused(RefusalReason.TooManyChanges, null, $"A driver's way may change {at.Rules.MaxRouteChanges} times by itself.");
        }

        var (told, route) = Tell(
            WithRoute(plan with { Version = plan.Version + 1, RouteChanges = plan.RouteChanges + 1 }, at), e.Reason, at);
        return new Transition(null, [told], [route]);
    }

    private static Transition TellRouteAgain(RouteUnknown e, Moment at)
    {
        var plan = at.PlanOf(e.DriverId);
        var (told, route) = Tell(
            plan with { Version = plan.Version + 1, RoutePlanVersion = Math.Max(plan.RoutePlanVersion, e.RoutePlanVersion) }, RouteChangeReason.Unspecified, at);
        return new Transition(null, [told], [route]);
    }
}
