using Google.Type;
using Grpc.Net.Client;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.LoadTests.Scenarios;

/// <summary>Riders follow the car that comes for them. Once: a car moves, and its rider sees it where it is now.</summary>
/// <param name="target">The server.</param>
/// <param name="rides">How many riders with a car each; at least 1.</param>
public sealed class RiderFollow(LoadTarget target, int rides) : ILoadScenario
{
    private readonly LoadFleet _fleet = new();
    private readonly Users<Ride> _free = new();
    private readonly List<Ride> _rides = [];
    private GrpcChannel? _channel;
    private RiderConnection? _riders;

    /// <inheritdoc/>
    public string Name => "rider_follow";

    /// <inheritdoc/>
    public async Task InitAsync(CancellationToken cancellationToken)
    {
        _channel = target.Connect();
        _riders = new RiderConnection(_channel, new RiderConnectionOptions { TokenSource = target.TokenSource });
        await _fleet.OpenAsync(target, "follow", rides, cancellationToken);
        await EnterDirectoryAsync(_channel, cancellationToken);
        foreach (var driver in _fleet.Drivers)
        {
            await driver.BeAvailableAsync(cancellationToken);
        }

        // Whoever is nearest comes: the rider learns who it is from the trip.
        var drivers = _fleet.Drivers.ToDictionary(driver => driver.Id);
        for (var i = 0; i < rides; i++)
        {
            var trip = await _riders.RequestTripAsync(Request(i), cancellationToken);
            var ride = new Ride(trip.TripId, _riders.WatchTripAsync(trip.TripId, cancellationToken).GetAsyncEnumerator(cancellationToken));
            _rides.Add(ride);
            ride.Driver = drivers[await ride.AssignedAsync()];
            _free.Add(ride);
        }
    }

    /// <inheritdoc/>
    public Task RunOnceAsync(CancellationToken cancellationToken) => _free.WithOneAsync(
        ride =>
        {
            ride.Driver!.Drive();
            return ride.SeenAsync();
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task CleanAsync()
    {
        foreach (var ride in _rides)
        {
            await _riders!.CancelTripAsync(ride.TripId, CancellationReason.ChangedMind);
            await ride.Watch.DisposeAsync();
        }

        _rides.Clear();
        await _fleet.CloseAsync();
        _channel?.Dispose();
    }

    private async Task EnterDirectoryAsync(GrpcChannel channel, CancellationToken cancellationToken)
    {
        var directory = new DirectoryService.DirectoryServiceClient(channel);
        for (var i = 0; i < rides; i++)
        {
            var rider = new Rider { RiderId = RiderId(i), DisplayName = $"Rider {i}" };
            await directory.UpsertRiderAsync(new UpsertRiderRequest { Rider = rider }, await target.CallAsync(cancellationToken));
        }

        await _fleet.EnterDirectoryAsync(target, channel, cancellationToken);
    }

    private static string RiderId(int i) => $"load-rider-{i}";

    private static RequestTripRequest Request(int i)
    {
        var request = new RequestTripRequest { RiderId = RiderId(i), PartySize = 1 };
        request.Waypoints.Add(Waypoint(WaypointKind.Pickup, LoadFleet.SouthDegrees));
        request.Waypoints.Add(Waypoint(WaypointKind.Dropoff, LoadFleet.SouthDegrees + 0.05));
        return request;
    }

    private static Waypoint Waypoint(WaypointKind kind, double latitudeDegrees) => new()
    {
        Kind = kind,
        Location = new LatLng { Latitude = latitudeDegrees, Longitude = LoadFleet.WestDegrees },
        Label = kind.ToString(),
    };

    private sealed record Ride(string TripId, IAsyncEnumerator<WatchTripResponse> Watch)
    {
        private const double SameDegrees = 1e-7;

        public LoadDriver? Driver { get; set; }

        public async Task<string> AssignedAsync()
        {
            while (await Watch.MoveNextAsync())
            {
                if (Watch.Current.Trip is { State: TripState.Assigned } trip)
                {
                    return trip.Driver.DriverId;
                }
            }

            throw new InvalidOperationException($"The trip {TripId} ended without a driver.");
        }

        public async Task SeenAsync()
        {
            while (await Watch.MoveNextAsync())
            {
                if (Watch.Current.Position is { } position && Math.Abs(position.Location.Latitude - Driver!.LatitudeDegrees) < SameDegrees)
                {
                    return;
                }
            }

            throw new InvalidOperationException($"The trip {TripId} ended while it was followed.");
        }
    }
}
