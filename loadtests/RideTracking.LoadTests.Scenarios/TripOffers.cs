using Google.Type;
using Grpc.Net.Client;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.LoadTests.Scenarios;

/// <summary>Riders ask for rides, and drivers take what they are offered. Once: from the request until the rider is told who comes; then the rider thinks better of it.</summary>
/// <param name="target">The server.</param>
/// <param name="riders">How many ask at a time; at least 1. There are twice as many drivers.</param>
public sealed class TripOffers(LoadTarget target, int riders) : ILoadScenario
{
    private const int DriversForARider = 2;

    private const double SouthDegrees = LoadFleet.SouthDegrees - 0.5;

    private readonly LoadFleet _fleet = new(SouthDegrees);
    private readonly Users<string> _free = new();
    private GrpcChannel? _channel;
    private RiderConnection? _riders;

    /// <inheritdoc/>
    public string Name => "trip_offers";

    /// <inheritdoc/>
    public async Task InitAsync(CancellationToken cancellationToken)
    {
        _channel = target.Connect();
        _riders = new RiderConnection(_channel, new RiderConnectionOptions { TokenSource = target.TokenSource });
        await _fleet.OpenAsync(target, "offers", riders * DriversForARider, cancellationToken);
        await _fleet.EnterDirectoryAsync(target, _channel, cancellationToken);
        foreach (var driver in _fleet.Drivers)
        {
            await driver.BeAvailableAsync(cancellationToken);
        }

        for (var i = 0; i < riders; i++)
        {
            _free.Add($"load-asker-{i}");
        }
    }

    /// <inheritdoc/>
    public Task RunOnceAsync(CancellationToken cancellationToken) => _free.WithOneAsync(
        async riderId =>
        {
            var trip = await _riders!.RequestTripAsync(Request(riderId), cancellationToken);
            await foreach (var change in _riders.WatchTripAsync(trip.TripId, cancellationToken))
            {
                if (change.Trip is { State: TripState.Assigned })
                {
                    await _riders.CancelTripAsync(trip.TripId, CancellationReason.ChangedMind, cancellationToken: cancellationToken);
                    return;
                }
            }

            throw new InvalidOperationException($"The trip {trip.TripId} ended without a driver.");
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task CleanAsync()
    {
        await _fleet.CloseAsync();
        _channel?.Dispose();
    }

    private static RequestTripRequest Request(string riderId)
    {
        var request = new RequestTripRequest { RiderId = riderId, PartySize = 1 };
        request.Waypoints.Add(new Waypoint { Kind = WaypointKind.Pickup, Location = At(0) });
        request.Waypoints.Add(new Waypoint { Kind = WaypointKind.Dropoff, Location = At(0.05) });
        return request;
    }

    private static LatLng At(double northDegrees) => new() { Latitude = SouthDegrees + northDegrees, Longitude = LoadFleet.WestDegrees };
}
