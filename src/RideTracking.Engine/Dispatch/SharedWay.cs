using System.Collections.Immutable;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Dispatch;

/// <summary>A driver's stops with those of one more rider.</summary>
/// <param name="Stops">In the order of driving.</param>
/// <param name="PickupIn">Until the new rider is picked up.</param>
/// <param name="Added">How much longer the driver drives in all.</param>
public sealed record SharedOrder(ImmutableArray<PlannedStop> Stops, TimeSpan PickupIn, TimeSpan Added);

/// <summary>Riders who share a car.</summary>
public static class SharedWay
{
    /// <summary>How long a trip takes without a detour.</summary>
    public static TimeSpan Direct(Trip trip, IRouteFinder router)
    {
        var seconds = 0.0;
        var leg = new double[1];
        for (var i = 1; i < trip.Waypoints.Length; i++)
        {
            router.Times([RouteStart.Stop(trip.Waypoints[i - 1].Location)], [trip.Waypoints[i].Location], leg);
            seconds += leg[0];
        }

        return double.IsFinite(seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
    }

    /// <summary>A driver's stops with those of one more trip, in the best order; null when nobody fits in.</summary>
    /// <param name="plan">The driver's, all of whose trips are shared.</param>
    /// <param name="trip">The trip to take in.</param>
    /// <param name="driverAt">Where the car is; when nobody knows, nobody is taken in.</param>
    /// <param name="now">The server's time.</param>
    /// <param name="rules">The limits.</param>
    public static SharedOrder? Find(DriverPlan plan, Trip trip, GeoPoint? driverAt, DateTimeOffset now, TripRules rules)
    {
        // Where the car stands it has begun to do what is to be done there.
        var begun = plan.Stops.TakeWhile(s => s.State == WaypointState.Arrived).ToImmutableArray();
        var ahead = plan.Stops.RemoveRange(begun);
        if ((begun.IsEmpty ? driverAt : begun[^1].Location) is not { } from)
        {
            return null;
        }

        var riders = plan.Trips.Where(t => ahead.Any(s => s.TripId == t.TripId)).Select(t => RiderOf(t, now)).ToImmutableArray();
        var newcomer = new PooledRider(trip.Id, trip.PartySize, Math.Max(1, Direct(trip, rules.Router).TotalSeconds));
        var order = PooledInsertion.Find(
            from, [.. ahead.Select(s => new PooledStop(s.TripId, KindOf(s.Kind), s.Location))], riders, newcomer,
            trip.Waypoints[0].Location, trip.Waypoints[^1].Location,
            new PoolLimits(plan.Seats, rules.MaxDetourShare, rules.MaxDetour.TotalSeconds, rules.MaxPickupDelay.TotalSeconds), rules.Router);
        if (order is null)
        {
            return null;
        }

        PlannedStop[] known = [.. ahead, .. trip.Ahead.Select(w => new PlannedStop(trip.Id, w.Id, w.Kind, w.State, w.Location, w.Label))];
        var pickup = order.Stops.IndexOf(order.Stops.First(s => s.TripId == trip.Id));
        return new SharedOrder(
            [.. begun, .. order.Stops.Select(s => known.First(k => k.TripId == s.TripId && KindOf(k.Kind) == s.Kind))],
            TimeSpan.FromSeconds(order.ArrivalSeconds[pickup]), TimeSpan.FromSeconds(order.AddedSeconds));
    }

    /// <summary>The stops of <see cref="Find"/> alone.</summary>
    internal static ImmutableArray<PlannedStop>? Order(DriverPlan plan, Trip trip, GeoPoint? driverAt, DateTimeOffset now, TripRules rules) =>
        Find(plan, trip, driverAt, now, rules)?.Stops;

    private static PooledRider RiderOf(PlannedTrip trip, DateTimeOffset now) => new(trip.TripId, trip.PartySize, Math.Max(1, trip.Direct.TotalSeconds))
    {
        RiddenSeconds = trip.PickedUpAt is { } since ? (now - since).TotalSeconds : 0,
        PromisedPickupSeconds = trip.IsOnBoard ? null : (trip.PromisedPickup - now)?.TotalSeconds,
    };

    private static PooledStopKind KindOf(WaypointKind kind) => kind switch
    {
        WaypointKind.Pickup => PooledStopKind.Pickup,
        WaypointKind.Dropoff => PooledStopKind.Dropoff,
        _ => PooledStopKind.Stop,
    };
}
