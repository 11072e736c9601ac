using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Geo;
using RideTracking.Server.Access;
using RideTracking.Server.Progress;
using RideTracking.Server.Roads;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using LatLng = Google.Type.LatLng;

namespace RideTracking.Server.Tests.Roads;

/// <summary>A server with the streets of the made-up city, whose clock moves as its one driver drives.</summary>
internal sealed class StreetWorld : IAsyncDisposable
{
    public static readonly GeoPoint Center = new(41.1496, -8.611);

    private const double DrivingMetersPerSecond = 10;
    private const int FixesInBatch = 10;

    private ulong _sequence;

    private StreetWorld(ServerHost host, WatchedTime time)
    {
        (Host, Time) = (host, time);
        Riders = new RiderService.RiderServiceClient(host.Channel());
        Dispatch = new DispatchService.DispatchServiceClient(host.Channel());
        Service = host.TokenOf(Role.Service, "backend");
    }

    public ServerHost Host { get; }

    public WatchedTime Time { get; }

    public RiderService.RiderServiceClient Riders { get; }

    public DispatchService.DispatchServiceClient Dispatch { get; }

    /// <summary>The company's backend: may act for everybody.</summary>
    public Metadata Service { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<StreetWorld> StartAsync(
        RedisProcess? redis = null, string roads = RoadOptions.Demo, string? dataFolder = null, string? expectErrors = null,
        DateTimeOffset? startAt = null, params string[] args)
    {
        var time = new WatchedTime(startAt ?? new DateTimeOffset(2026, 1, 5, 8, 0, 0, TimeSpan.Zero));
        var world = new StreetWorld(await ServerHost.StartAsync(redis, time, dataFolder, args: ["--roads", roads, "--Roads:DemoSizeMeters", "3000", .. args]), time);
        if (expectErrors is not null)
        {
            world.Host.ExpectErrors(expectErrors);
        }

        await Task.WhenAll(world.Host.Nodes.Select(n => n.City.GetRequiredService<RoadLoading>().Done));
        return world;
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>A place so many metres east and north of the centre.</summary>
    public static GeoPoint At(double east, double north) =>
        Earth.Destination(Earth.Destination(Center, 90, east), 0, north);

    public static LatLng Wire(GeoPoint point) => new() { Latitude = point.LatitudeDegrees, Longitude = point.LongitudeDegrees };

    public static Waypoint Waypoint(WaypointKind kind, GeoPoint at) => new() { Kind = kind, Location = Wire(at) };

    public async Task<EstimateTripResponse> EstimateAsync(GeoPoint from, GeoPoint to) => await Riders.EstimateTripAsync(
        new EstimateTripRequest { Waypoints = { Waypoint(WaypointKind.Pickup, from), Waypoint(WaypointKind.Dropoff, to) } }, Service, cancellationToken: Cancel);

    public async Task<Trip> RequestAsync(GeoPoint from, GeoPoint to) => (await Riders.RequestTripAsync(
        new RequestTripRequest
        {
            RequestId = "q1",
            RiderId = "r1",
            PartySize = 1,
            Waypoints = { Waypoint(WaypointKind.Pickup, from), Waypoint(WaypointKind.Dropoff, to) },
        },
        Service, cancellationToken: Cancel)).Trip;

    public async Task<Trip> GetAsync(string tripId) =>
        (await Riders.GetTripAsync(new GetTripRequest { TripId = tripId }, Service, cancellationToken: Cancel)).Trip;

    /// <summary>What was driven on a trip that has ended: it is there once what is sent late had its time.</summary>
    public async Task<DrivenPath> DrivenAsync(string tripId)
    {
        await Host.PassAsync<DrivenPaths>(TimeSpan.FromSeconds(11));
        return (await GetAsync(tripId)).Driven;
    }

    /// <summary>A driver known to the company, connected, available and standing at a place.</summary>
    public async Task<DriverPhone> DriverAsync(string id, GeoPoint at)
    {
        await new DirectoryService.DirectoryServiceClient(Host.Channel()).UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = id, DisplayName = id } }, Service, cancellationToken: Cancel);
        var phone = await DriverPhone.ConnectAsync(Host, id);
        await ActAsync(phone, "available", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Available });
        await DriveAsync(phone, [at, at]);
        return phone;
    }

    /// <summary>The driver does something and is told that it is done.</summary>
    public static async Task ActAsync(DriverPhone phone, string actionId, Action<DriverAction> what)
    {
        var action = new DriverAction { ActionId = actionId };
        what(action);
        await phone.SendAsync(new ConnectRequest { Action = action });
        var result = (await phone.ReadUntilAsync(m => m.ActionResult?.ActionId == actionId)).ActionResult;
        Assert.True(result.Status.Code == 0, result.Status.Message);
    }

    public static Task StepAsync(DriverPhone phone, Waypoint waypoint, WaypointStep step) => ActAsync(
        phone, $"{waypoint.WaypointId}-{step}",
        action => action.TripProgress = new TripProgress { TripId = waypoint.TripId, WaypointId = waypoint.WaypointId, Step = step });

    /// <summary>Takes the next offer, and tells the route that follows.</summary>
    public static async Task<RouteChanged> AcceptAsync(DriverPhone phone)
    {
        var offer = (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer;
        await phone.SendAsync(new ConnectRequest
        {
            Action = new DriverAction { ActionId = "reply-" + offer.OfferId, OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true } },
        });
        return await NextRouteAsync(phone);
    }

    public static async Task<RouteChanged> NextRouteAsync(DriverPhone phone)
    {
        while (phone.Passed.TryDequeue(out var passed))
        {
            if (passed.RouteChanged is not null)
            {
                return passed.RouteChanged;
            }
        }

        return (await phone.ReadUntilAsync(m => m.Command?.RouteChanged is not null)).Command.RouteChanged;
    }

    /// <summary>Drives along a line, a fix each second, and the clock with it; returns when all is acknowledged.</summary>
    /// <param name="phone">The driver's.</param>
    /// <param name="line">The way.</param>
    /// <param name="seenAt">Where the phone thinks that a place is; the place itself when null.</param>
    public async Task DriveAsync(DriverPhone phone, IReadOnlyList<GeoPoint> line, Func<GeoPoint, GeoPoint>? seenAt = null)
    {
        var fixes = new List<Fix>();
        var left = 0.0;
        for (var i = 1; i < line.Count; i++)
        {
            var (length, course) = (Earth.DistanceMeters(line[i - 1], line[i]), Earth.BearingDegrees(line[i - 1], line[i]));
            for (; left <= length; left += DrivingMetersPerSecond)
            {
                var place = Earth.Destination(line[i - 1], course, left);
                fixes.Add(FixAt(seenAt?.Invoke(place) ?? place, course, length > 0 ? DrivingMetersPerSecond : 0));
            }

            left -= length;
        }

        fixes.Add(FixAt(line[^1], 0, 0));
        await SendAsync(phone, fixes, TimeSpan.FromSeconds(1));
    }

    /// <summary>Stands at a place, a fix each four seconds, and the clock with it; the phone tells no speed but 0.</summary>
    /// <param name="phone">The driver's.</param>
    /// <param name="duration">How long.</param>
    /// <param name="seenAt">Where the phone thinks that it is, fix by fix.</param>
    public Task StandAsync(DriverPhone phone, TimeSpan duration, Func<int, GeoPoint> seenAt)
    {
        var interval = TimeSpan.FromSeconds(4);
        return SendAsync(phone, [.. Enumerable.Range(0, (int)(duration / interval)).Select(i => FixAt(seenAt(i), 0, 0))], interval);
    }

    private async Task SendAsync(DriverPhone phone, List<Fix> fixes, TimeSpan interval)
    {
        foreach (var batch in fixes.Chunk(FixesInBatch))
        {
            Time.Advance(batch.Length * interval);
            var now = Time.GetUtcNow().ToUnixTimeMilliseconds();
            var message = new LocationBatch { SentAtUnixMs = now, AckRequested = true };
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i].Sequence = ++_sequence;
                batch[i].SensorTimeUnixMs = now - (long)((batch.Length - 1 - i) * interval.TotalMilliseconds);
                message.Fixes.Add(batch[i]);
            }

            await phone.SendAsync(message);
            // Before the clock goes on: who is not heard while time passes is cut off.
            Assert.Empty(await phone.ReadAckAsync(_sequence));
        }
    }

    private static Fix FixAt(GeoPoint place, double courseDegrees, double speed) => new()
    {
        LatitudeE7 = (int)Math.Round(place.LatitudeDegrees * 1e7),
        LongitudeE7 = (int)Math.Round(place.LongitudeDegrees * 1e7),
        HorizontalAccuracyDecimeters = 50,
        CourseCentidegrees = (uint)(courseDegrees * 100),
        SpeedCentimetersPerSecond = (uint)(speed * 100),
    };
}
