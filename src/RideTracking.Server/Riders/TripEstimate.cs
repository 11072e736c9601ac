using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Roads;
using RideTracking.Server.Dispatch;
using RideTracking.Server.Roads;

namespace RideTracking.Server.Riders;

/// <summary>What a ride would be like if it began now.</summary>
internal sealed class TripEstimate(Dispatcher dispatcher, ReadyDrivers ready, LearnedTimes learned, TimeProvider time)
{
    /// <summary>The way, how long it takes, and how soon a driver could be there.</summary>
    /// <param name="waypoints">Of the whole ride, checked.</param>
    public V1.EstimateTripResponse Of(ImmutableArray<RequestedWaypoint> waypoints)
    {
        var pickup = waypoints[0].Location;
        var route = dispatcher.Rules.Router.Through(pickup, null, [.. waypoints.Skip(1).Select(w => w.Location)]);
        var response = new V1.EstimateTripResponse
        {
            Route = TripWire.Of(new TripRoute(1, [.. waypoints.Skip(1).Select(_ => "")], route, time.GetUtcNow())),
            DistanceMeters = route.DistanceMeters,
        };
        var (byRoads, now) = (route.Duration, time.GetUtcNow());
        response.Duration = byRoads.ToDuration();
        if (route.Source == RouteSource.Roads && waypoints.Length == 2 && learned.RangeOf(byRoads, now) is { } range)
        {
            response.Duration = range.Median.ToDuration();
            response.DurationLow = range.Low.ToDuration();
            response.DurationHigh = range.High.ToDuration();
        }

        if (ready.Soonest(pickup, except: []) is [var soonest, ..])
        {
            response.PickupEta = TimeSpan.FromSeconds(soonest.EtaSeconds).ToDuration();
        }

        return response;
    }
}
