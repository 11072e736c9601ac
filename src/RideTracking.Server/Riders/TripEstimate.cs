using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Roads;
using RideTracking.Server.Nearby;
using RideTracking.Server.Roads;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Riders;

/// <summary>What a ride would be like if it began now.</summary>
/// <remarks>
/// Of free drivers it knows what riders are shown and no more: the exact time from several made-up pick-ups would tell
/// where the nearest driver is.
/// </remarks>
internal sealed class TripEstimate(Dispatcher dispatcher, ShownCars cars, BusyPlaces busy, LearnedTimes learned, IOptions<TripOptions> options, TimeProvider time)
{
    // As the crow flies; who is soonest by road is among them.
    private const int MaxNearest = 24;

    /// <summary>The way, how long it takes, and how soon a driver could be there.</summary>
    /// <param name="waypoints">Of the whole ride, checked.</param>
    public V1.EstimateTripResponse Of(ImmutableArray<RequestedWaypoint> waypoints)
    {
        var pickup = waypoints[0].Location;
        busy.Ask(pickup);
        var route = dispatcher.Rules.Router.Through(RouteStart.Stop(pickup), [.. waypoints.Skip(1).Select(w => w.Location)]);
        var response = new V1.EstimateTripResponse
        {
            Route = TripWire.Of(new TripRoute(1, [.. waypoints.Skip(1).Select(_ => "")], route, time.GetUtcNow())),
            DistanceMeters = route.DistanceMeters,
            PickupWalkMeters = route.StartWalkMeters,
        };
        var (byRoads, now) = (route.Duration, time.GetUtcNow());
        response.Duration = byRoads.ToDuration();
        if (route.Source == RouteSource.Roads && waypoints.Length == 2 && learned.RangeOf(byRoads, now) is { } range)
        {
            response.Duration = range.Median.ToDuration();
            response.DurationLow = range.Low.ToDuration();
            response.DurationHigh = range.High.ToDuration();
        }

        response.PickupEta = PickupEta(pickup)?.ToDuration();
        return response;
    }

    private TimeSpan? PickupEta(GeoPoint pickup)
    {
        cars.Renew();
        var nearest = new NearbyDriver[MaxNearest];
        nearest = nearest[..cars.Nearest(pickup, options.Value.SearchRadiusMeters, nearest)];
        return DriverEta.SoonestTo(pickup, nearest, dispatcher.Rules.Router).Select(d => TimeSpan.FromSeconds(d.EtaSeconds)).Cast<TimeSpan?>().FirstOrDefault();
    }
}
