using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Late;

/// <summary>A fix: when a bare relay's follower sees it, when the trip's followers on both nodes do, and both maps.</summary>
internal static class FixSights
{
    private const int Site = 0;

    /// <summary>Drives a trip; it goes on afterwards.</summary>
    /// <returns>The trip.</returns>
    public static async Task<string> MeasureAsync(LateCity city, NodeClient relay, int times, TimeSpan interval, List<Lateness> table)
    {
        var (relayed, followed, mapped) = (new Lateness("fix by a bare gRPC relay"), new Lateness("fix to the trip's follower (WatchTrip)"), new Lateness("fix to the map (WatchFleet, frames of 10 ms)"));
        table.AddRange([relayed, followed, mapped]);
        using var toRelay = relay.Drivers.Connect();
        using var fromRelay = relay.Riders.WatchTrip(new WatchTripRequest());
        using var relayWatch = new StreamWatch<WatchTripResponse>(fromRelay.ResponseStream);
        await relayWatch.WhenAsync(_ => true);

        using var phone = await NodePhone.ConnectAsync(city.Here, city.NextId(), LateCity.At(Site));
        var tripId = await BeginTripAsync(city, phone);
        using var followHere = await FollowAsync(city.Here, tripId);
        using var followThere = await FollowAsync(city.There, tripId);
        using var mapHere = await WatchMapAsync(city.Here);
        using var mapThere = await WatchMapAsync(city.There);
        for (var i = 0; i < times; i++)
        {
            // To and fro, ten metres at a time.
            var place = LateCity.At(Site, 10 * (i % 40 < 20 ? i % 40 : 40 - (i % 40)) + (i % 2));
            var seen = relayWatch.WhenAsync(r => r.Position is not null);
            var started = Stopwatch.GetTimestamp();
            await toRelay.RequestStream.WriteAsync(new ConnectRequest { Locations = new LocationBatch { Fixes = { new Fix { LatitudeE7 = place.Latitude, LongitudeE7 = place.Longitude } } } });
            relayed.AddSame(Lateness.Milliseconds(started, await seen));

            var (here, there) = (followHere.NextAsync(), followThere.NextAsync());
            var (onMapHere, onMapThere) = (mapHere.ShowsAsync(place), mapThere.ShowsAsync(place));
            started = Stopwatch.GetTimestamp();
            await phone.ReportAsync(place, TimeSpan.FromSeconds(1));
            await followed.AddAsync(started, here, there);
            await mapped.AddAsync(started, onMapHere, onMapThere);
            await Task.Delay(interval);
        }

        return tripId;
    }

    private static async Task<string> BeginTripAsync(LateCity city, NodePhone phone)
    {
        TripOffer? offer = null;
        var offered = phone.Messages.WhenAsync(m => (offer = m.Command?.TripOffer ?? offer) is not null);
        var trip = await city.RequestAsync(city.Here, Site);
        await offered;
        await phone.ActAsync(new DriverAction { OfferReply = new OfferReply { OfferId = offer!.OfferId, Accepted = true } });
        foreach (var step in new[] { WaypointStep.Arrived, WaypointStep.Done })
        {
            await phone.ActAsync(new DriverAction { TripProgress = new TripProgress { TripId = trip.TripId, WaypointId = offer.Waypoints[0].WaypointId, Step = step } });
        }

        await LateCity.WhenAsync(async () =>
            (await city.There.Riders.GetTripAsync(new GetTripRequest { TripId = trip.TripId }, city.There.Service)).Trip.State == TripState.InProgress);
        return trip.TripId;
    }

    private static async Task<Follower> FollowAsync(NodeClient node, string tripId)
    {
        var follower = new Follower(node.Riders.WatchTrip(new WatchTripRequest { TripId = tripId }, node.Service));
        await follower.NextAsync();
        return follower;
    }

    private static async Task<FleetMap> WatchMapAsync(NodeClient node)
    {
        var (south, west) = LateCity.At(Site, -1_000);
        var map = new FleetMap(node.Fleet.WatchFleet(
            new WatchFleetRequest
            {
                Viewport = new Viewport { South = south / 1e7, North = (south / 1e7) + 0.1, West = (west / 1e7) - 0.1, East = (west / 1e7) + 0.1 },
                MinFrameInterval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(10)),
            },
            node.Ops));
        await map.SnapshotAsync();
        return map;
    }

    /// <summary>Follows a trip; a position counts when it is of a newer fix than the one before.</summary>
    private sealed class Follower(AsyncServerStreamingCall<WatchTripResponse> call) : IDisposable
    {
        private readonly StreamWatch<WatchTripResponse> _watch = new(call.ResponseStream);
        private Timestamp _last = new();

        public Task<long> NextAsync() => _watch.WhenAsync(r =>
        {
            if (r.Position is not { } position || position.FixedAt.CompareTo(_last) <= 0)
            {
                return false;
            }

            _last = position.FixedAt;
            return true;
        });

        public void Dispose()
        {
            _watch.Dispose();
            call.Dispose();
        }
    }

    /// <summary>A map; positions on it are those that were reported.</summary>
    private sealed class FleetMap(AsyncServerStreamingCall<WatchFleetResponse> call) : IDisposable
    {
        private readonly StreamWatch<WatchFleetResponse> _watch = new(call.ResponseStream);

        public Task<long> SnapshotAsync() => _watch.WhenAsync(r => r.SnapshotComplete);

        public Task<long> ShowsAsync((int Latitude, int Longitude) placeE7) => _watch.WhenAsync(r => r.Drivers.Any(d => d.LatitudeE7 == placeE7.Latitude && d.LongitudeE7 == placeE7.Longitude));

        public void Dispose()
        {
            _watch.Dispose();
            call.Dispose();
        }
    }
}
