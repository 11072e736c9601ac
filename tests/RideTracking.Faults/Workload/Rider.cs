using Grpc.Core;
using RideTracking.Client;
using RideTracking.Faults.Told;
using RideTracking.V1;

namespace RideTracking.Faults.Workload;

/// <summary>A rider: asks for trips, sometimes twice with the same id, watches them, and changes their mind now and then.</summary>
internal sealed class Rider(string riderId, RiderConnection connection, Record record, int seed)
{
    private readonly Random _random = new(seed);
    private int _requests;

    /// <summary>Until the town settles; then to the end of the trip under way.</summary>
    public async Task RunAsync(CancellationToken closing, CancellationToken ct)
    {
        await RestAsync(0, 4, ct);
        while (!closing.IsCancellationRequested)
        {
            try
            {
                await RideAsync(ct);
            }
            catch (RpcException e)
            {
                record.Refused("rider", e);
            }

            await RestAsync(0.5, 5, ct);
        }
    }

    private async Task RideAsync(CancellationToken ct)
    {
        var request = new RequestTripRequest
        {
            RequestId = $"{riderId}.{++_requests}",
            RiderId = riderId,
            PartySize = 1,
            Waypoints =
            {
                new Waypoint { Kind = WaypointKind.Pickup, Location = Place.Any(_random).OnWire },
                new Waypoint { Kind = WaypointKind.Dropoff, Location = Place.Any(_random).OnWire },
            },
        };
        // The app was impatient, or killed and started again: the same request comes to two nodes at once.
        var twice = _random.NextDouble() < 0.25 ? RequestAsync(request.Clone(), ct) : null;
        var trip = await RequestAsync(request, ct);
        if (twice is not null)
        {
            await twice;
        }

        var cancelAt = _random.NextDouble() < 0.15 ? Record.Now + TimeSpan.FromSeconds(15 * _random.NextDouble()) : DateTimeOffset.MaxValue;
        await foreach (var news in connection.WatchTripAsync(trip.TripId, ct))
        {
            if (news.Trip is { } changed)
            {
                Saw(changed);
                trip = changed;
            }

            if (Record.Now >= cancelAt && !RiderConnection.IsOver(trip) && trip.State != TripState.InProgress)
            {
                cancelAt = DateTimeOffset.MaxValue;
                await CancelAsync(trip.TripId, ct);
            }
        }

        if (_random.NextDouble() < 0.1)
        {
            await RequestAsync(request.Clone(), ct);
        }
    }

    private async Task<Trip> RequestAsync(RequestTripRequest request, CancellationToken ct)
    {
        var asked = Record.Now;
        var trip = await connection.RequestTripAsync(request, ct);
        record.Requests.Enqueue(new ToldRequest(request.RequestId, riderId, trip.TripId, asked, Record.Now));
        return trip;
    }

    private void Saw(Trip trip) => record.Trips.Enqueue(new ToldTrip(
        trip.TripId, trip.Version, trip.State, trip.Driver?.DriverId ?? "", trip.Events.Count > 0 ? trip.Events[^1].RecordedAt.ToDateTimeOffset() : DateTimeOffset.UnixEpoch, Record.Now));

    private async Task CancelAsync(string tripId, CancellationToken ct)
    {
        try
        {
            var trip = await connection.CancelTripAsync(tripId, CancellationReason.ChangedMind, "", ct);
            Saw(trip);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition or StatusCode.Aborted)
        {
            record.Refused("cancellation", e);
        }
    }

    private Task RestAsync(double fromSeconds, double toSeconds, CancellationToken ct) =>
        Task.Delay(TimeSpan.FromSeconds(fromSeconds + ((toSeconds - fromSeconds) * _random.NextDouble())), TimeProvider.System, ct);
}
