using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using DriverAvailability = RideTracking.Engine.Index.DriverAvailability;
using DriverLink = RideTracking.Engine.Index.DriverLink;
using DriverWork = RideTracking.Engine.Index.DriverWork;
using Fix = RideTracking.Engine.Ingest.Fix;

namespace RideTracking.Server.Tests.Fleet;

/// <summary>Puts drivers into a running server's present, and watches them as ops do.</summary>
internal sealed class FleetWorld(ServerHost host)
{
    public static readonly Viewport Porto = new() { South = 41, West = -8.8, North = 41.3, East = -8.4 };

    private readonly DriverSlots _slots = host.City.GetRequiredService<DriverSlots>();
    private readonly DriverIndex _index = host.City.GetRequiredService<DriverIndex>();
    private readonly PositionFanout _fanout = host.City.GetRequiredService<PositionFanout>();
    private readonly TimeProvider _clock = host.City.GetRequiredService<TimeProvider>();
    private readonly StoredFleet? _stored = SpreadNodes.AreWanted ? new(host) : null;

    public Metadata Ops { get; } = host.TokenOf(Role.Ops, "ops");

    public FleetService.FleetServiceClient Client() => new(host.Channel());

    /// <summary>As the browser speaks: gRPC-Web over HTTP/1.1.</summary>
    public FleetService.FleetServiceClient WebClient(out GrpcChannel channel)
    {
        // The channels of ServerHost do so before each call.
        Task.Run(host.SettleAsync).GetAwaiter().GetResult();
        var handler = new GrpcWebHandler(GrpcWebMode.GrpcWeb, new SocketsHttpHandler { UseProxy = false });
        channel = GrpcChannel.ForAddress(host.WebAddress, new GrpcChannelOptions
        {
            HttpHandler = handler,
            HttpVersion = new Version(1, 1),
            DisposeHttpClient = true,
        });
        return new(channel);
    }

    public int Move(string driverId, double latitude, double longitude, float course = float.NaN, TimeSpan age = default)
    {
        var slot = _slots.GetOrAdd(driverId);
        var fix = new Fix
        {
            LatitudeE7 = (int)Math.Round(latitude * 1e7),
            LongitudeE7 = (int)Math.Round(longitude * 1e7),
            FixedAtUnixMs = (_clock.GetUtcNow() - age).ToUnixTimeMilliseconds(),
            CourseDegrees = course,
            SpeedMetersPerSecond = 12.5f,
            HorizontalAccuracyMeters = 5,
            AltitudeMeters = float.NaN,
        };
        Assert.True(_index.Update(slot, fix, out var change));
        _fanout.Publish(change);
        _stored?.Move(driverId, fix, change.Current.Status);
        return slot;
    }

    public void SetStatus(string driverId, DriverAvailability availability, DriverWork work, DriverLink link)
    {
        _fanout.Publish(_index.SetStatus(_slots.GetOrAdd(driverId), new DriverStatus(availability, work, link)));
        _stored?.SetStatus(driverId, availability, work, link);
    }

    /// <summary>As each node does by itself.</summary>
    public void Sweep(TimeSpan olderThan)
    {
        var left = new DriverChange[16];
        foreach (var fleet in host.Nodes.Select(n => n.City.GetRequiredService<CityFleet>()))
        {
            var count = fleet.Index.SweepStale((_clock.GetUtcNow() - olderThan).ToUnixTimeMilliseconds(), left);
            foreach (var change in left.AsSpan(0, count))
            {
                fleet.Fanout.Publish(change);
            }
        }
    }
}
