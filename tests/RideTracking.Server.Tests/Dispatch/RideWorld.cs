using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Geo;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;
using RideTracking.V1;
using LatLng = Google.Type.LatLng;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>A server on a redis-server of its own or on the embedded store, with a clock that the test moves, and riders who call it over gRPC.</summary>
internal sealed class RideWorld : IAsyncDisposable
{
    public static readonly GeoPoint Porto = new(41.15, -8.61);

    public static readonly TimeSpan Patience = ServerHost.Patience;

    private readonly bool _ownsRedis;
    private Metadata? _service;

    private readonly RedisProcess? _redis;

    private RideWorld(RedisProcess? redis, bool ownsRedis, ServerHost host, WatchedTime time)
    {
        (_redis, _ownsRedis, Host, Time) = (redis, ownsRedis, host, time);
        Riders = new RiderService.RiderServiceClient(host.Channel());
        Directory = new DirectoryService.DirectoryServiceClient(host.Channel());
        Dispatch = new DispatchService.DispatchServiceClient(host.Channel());
    }

    public RedisProcess Redis => _redis ?? throw new InvalidOperationException("This world is on the embedded store.");

    public ServerHost Host { get; }

    public WatchedTime Time { get; }

    public RiderService.RiderServiceClient Riders { get; }

    public DirectoryService.DirectoryServiceClient Directory { get; }

    public DispatchService.DispatchServiceClient Dispatch { get; }

    public TripBook Book => Host.City.GetRequiredService<TripBook>();

    public TripStore Store => Host.City.GetRequiredService<TripStore>();

    /// <summary>The company's backend: may act for everybody.</summary>
    public Metadata Service => _service ??= Host.TokenOf(Role.Service, "backend");

    /// <summary>A world on either store.</summary>
    public static async Task<RideWorld> StartOnAsync(bool onRedis, params string[] args)
    {
        var time = NewTime();
        return onRedis ? await StartAsync(null, time, args) : new RideWorld(null, false, await ServerHost.StartAsync(null, time, args: args), time);
    }

    /// <summary>A world that keeps its data in a folder of the test's, and its store there too unless it is on a Redis.</summary>
    public static async Task<RideWorld> StartInAsync(string folder, RedisProcess? redis)
    {
        var time = NewTime();
        return new RideWorld(redis, false, await ServerHost.StartAsync(redis, time, folder), time);
    }

    public static async Task<RideWorld> StartAsync(RedisProcess? redis = null, WatchedTime? time = null, params string[] args)
    {
        time ??= NewTime();
        var own = redis ?? await RedisProcess.StartAsync(durable: true);
        return new RideWorld(own, redis is null, await ServerHost.StartAsync(own, time, args: args), time);
    }

    /// <summary>The same, with more in the process.</summary>
    public static async Task<RideWorld> StartAsync(RedisProcess redis, Action<WebApplicationBuilder> configure)
    {
        var time = NewTime();
        return new RideWorld(redis, false, await ServerHost.StartAsync(redis, time, configure: configure), time);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        if (_ownsRedis)
        {
            await Redis.DisposeAsync();
        }
    }

    private static WatchedTime NewTime() => new(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));

    /// <summary>A driver who is in the directory, connected, and at a place some steps of 111 m north of the pick-up.</summary>
    public Task<TestDriver> DriverAsync(string id, int steps = 1, bool available = true) => TestDriver.ConnectAsync(this, id, North(steps), available);

    public static RequestTripRequest Ride(string requestId = "q1", string riderId = "r1", int stops = 0)
    {
        var request = new RequestTripRequest { RequestId = requestId, RiderId = riderId, PartySize = 1, Note = "blue door" };
        request.Waypoints.Add(Waypoint(WaypointKind.Pickup, 0));
        for (var stop = 1; stop <= stops; stop++)
        {
            request.Waypoints.Add(Waypoint(WaypointKind.Stop, 10 * stop));
        }

        request.Waypoints.Add(Waypoint(WaypointKind.Dropoff, 100));
        return request;
    }

    public static Waypoint Waypoint(WaypointKind kind, int steps) => new()
    {
        Kind = kind,
        Location = new LatLng { Latitude = North(steps).LatitudeDegrees, Longitude = North(steps).LongitudeDegrees },
        Label = $"{kind} {steps}",
    };

    public static GeoPoint North(int steps) => new(Porto.LatitudeDegrees + (0.001 * steps), Porto.LongitudeDegrees);

    public async Task<Trip> RequestAsync(string requestId = "q1", string riderId = "r1", int stops = 0) =>
        (await Riders.RequestTripAsync(Ride(requestId, riderId, stops), Service, cancellationToken: TestContext.Current.CancellationToken)).Trip;

    public async Task<Trip> GetAsync(string tripId) => (await Riders.GetTripAsync(
        new GetTripRequest { TripId = tripId }, Service, cancellationToken: TestContext.Current.CancellationToken)).Trip;

    public async Task<Trip> CancelAsync(string tripId, string note = "") => (await Riders.CancelTripAsync(
        new CancelTripRequest { TripId = tripId, Reason = CancellationReason.ChangedMind, Note = note },
        Service,
        cancellationToken: TestContext.Current.CancellationToken)).Trip;

    public async Task<Trip> UpdateAsync(UpdateWaypointsRequest request) =>
        (await Riders.UpdateWaypointsAsync(request, Service, cancellationToken: TestContext.Current.CancellationToken)).Trip;

    /// <summary>Watches a trip; dispose it to stop.</summary>
    public WatchedTrip Watch(string tripId) => new(Riders.WatchTrip(new WatchTripRequest { TripId = tripId }, Service));

    /// <summary>Enters a rider as the company would.</summary>
    public async Task EnterRiderAsync(string id, string name, string phone, params string[] needs) =>
        await Directory.UpsertRiderAsync(
            new UpsertRiderRequest { Rider = new Rider { RiderId = id, DisplayName = name, Phone = phone, AccessibilityNeeds = { needs } } }, Service);
}

/// <summary>A rider's open view of a trip.</summary>
internal sealed class WatchedTrip(AsyncServerStreamingCall<WatchTripResponse> call) : IDisposable
{
    public List<WatchTripResponse> Seen { get; } = [];

    /// <summary>Reads until a message is as wanted.</summary>
    public async Task<WatchTripResponse> UntilAsync(Func<WatchTripResponse, bool> wanted)
    {
        using var patience = new CancellationTokenSource(RideWorld.Patience);
        while (await call.ResponseStream.MoveNext(patience.Token))
        {
            Seen.Add(call.ResponseStream.Current);
            if (wanted(call.ResponseStream.Current))
            {
                return call.ResponseStream.Current;
            }
        }

        throw new InvalidOperationException("The stream ended before what was waited for came.");
    }

    public async Task<Trip> UntilStateAsync(TripState state) => (await UntilAsync(r => r.Trip?.State == state)).Trip;

    public async Task EndAsync()
    {
        using var patience = new CancellationTokenSource(RideWorld.Patience);
        while (await call.ResponseStream.MoveNext(patience.Token))
        {
            Seen.Add(call.ResponseStream.Current);
        }
    }

    public void Dispose() => call.Dispose();
}
