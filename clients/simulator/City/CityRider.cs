using Google.Protobuf.Collections;
using Grpc.Core;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Simulator.City;

/// <summary>A rider: asks what a trip would be like, asks for it, watches it, sometimes changes their mind, rests, and asks again.</summary>
internal sealed class CityRider
{
    private const int LongestLabel = 128;

    private readonly string _id;
    private readonly RiderConnection _connection;
    private readonly CityArea _area;
    private readonly CityTally _tally;
    private readonly TimeProvider _time;
    private readonly Random _random;

    public CityRider(string id, ServerConnections connections, CityArea area, CityTally tally, TimeProvider time, int seed)
    {
        (_id, _area, _tally, _time) = (id, area, tally, time);
        _random = new Random(seed);
        _connection = new RiderConnection(
            connections.Next(), new RiderConnectionOptions { TokenSource = connections.TokenSource, OnRetry = (error, _) => tally.Retried(error) }, time, new Random(seed + 1));
    }

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        // Not all at once.
        await RestAsync(0, 45, ct);
        while (true)
        {
            try
            {
                await RideAsync(ct);
            }
            catch (RpcException e) when (!ct.IsCancellationRequested)
            {
                _tally.Refused("rider", e);
            }
            await RestAsync(10, 60, ct);
        }
    }

    private async Task RideAsync(CancellationToken ct)
    {
        var request = NewTrip();
        var estimate = await _connection.EstimateTripAsync(new EstimateTripRequest { Waypoints = { request.Waypoints } }, ct);
        NameByStreets(request.Waypoints, estimate.Route);
        var trip = await _connection.RequestTripAsync(request, ct);
        _tally.Requested();
        // Some change their mind while they wait, some while they ride.
        var cancelIn = _random.NextDouble() < 0.06 ? _time.GetUtcNow() + TimeSpan.FromSeconds(5 + 60 * _random.NextDouble()) : DateTimeOffset.MaxValue;
        var changesWay = _random.NextDouble() < 0.12;
        await foreach (var news in _connection.WatchTripAsync(trip.TripId, ct))
        {
            trip = news.Trip ?? trip;
            _tally.Watched(news);
            if (RiderConnection.IsOver(trip))
                continue;
            if (_time.GetUtcNow() >= cancelIn && trip.State != TripState.InProgress)
            {
                cancelIn = DateTimeOffset.MaxValue;
                await TryAsync(_connection.CancelTripAsync(trip.TripId, CancellationReason.ChangedMind, "A friend drives me.", ct));
            }
            else if (changesWay && trip.State == TripState.InProgress && news.Trip is not null)
            {
                changesWay = false;
                await TryAsync(_connection.UpdateWaypointsAsync(trip.TripId, trip.Version, Changed(trip), ct));
            }
        }
        _tally.Ended(trip.State);
    }

    /// <summary>The trip may have moved on meanwhile: then it stays as it is.</summary>
    private async Task TryAsync(Task<Trip> change)
    {
        try
        {
            await change;
            _tally.Changed();
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition or StatusCode.Aborted)
        {
            _tally.Refused("rider", e);
        }
    }

    private RequestTripRequest NewTrip()
    {
        var pickup = _area.RandomPlace(_random);
        var request = new RequestTripRequest
        {
            RiderId = _id,
            PartySize = (uint)_random.Next(1, 4),
            Note = _random.NextDouble() < 0.3 ? "I have a suitcase." : "",
            Waypoints = { CityRoutes.WaypointAt(pickup, WaypointKind.Pickup) },
        };
        if (_random.NextDouble() < 0.1)
            request.Waypoints.Add(Near(pickup, WaypointKind.Stop));
        request.Waypoints.Add(Near(pickup, WaypointKind.Dropoff));
        return request;
    }

    /// <summary>All that is not done, with a stop before the end or another end.</summary>
    private List<Waypoint> Changed(Trip trip)
    {
        var waypoints = trip.Waypoints.Where(waypoint => waypoint.State != WaypointState.Done).ToList();
        var end = new Place(waypoints[^1].Location.Latitude, waypoints[^1].Location.Longitude);
        if (_random.NextDouble() < 0.5 && trip.Waypoints.Count < 10)
            waypoints.Insert(waypoints.Count - 1, Near(end, WaypointKind.Stop));
        else
            waypoints[^1] = Near(end, WaypointKind.Dropoff);
        return waypoints;
    }

    private Waypoint Near(Place place, WaypointKind kind) => CityRoutes.WaypointAt(_area.RandomPlaceNear(place, _random), kind);

    /// <summary>By the streets where the way begins and each of its legs ends; without streets they have no names.</summary>
    private static void NameByStreets(RepeatedField<Waypoint> waypoints, Route route)
    {
        for (var i = 0; i < waypoints.Count; i++)
        {
            var step = i == 0 ? route.Legs.FirstOrDefault()?.Steps.FirstOrDefault() : route.Legs.ElementAtOrDefault(i - 1)?.Steps.LastOrDefault();
            var name = step?.StreetName ?? "";
            waypoints[i].Label = name.Length <= LongestLabel ? name : name[..LongestLabel];
        }
    }

    private Task RestAsync(double fromSeconds, double toSeconds, CancellationToken ct) =>
        Task.Delay(TimeSpan.FromSeconds(fromSeconds + (toSeconds - fromSeconds) * _random.NextDouble()), _time, ct);
}
