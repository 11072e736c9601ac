using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Zones;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>Nodes that are killed, or stop and start again, while others go on.</summary>
public sealed class EndedNodeTests
{
    // A phone's fixes 5 to 25 are in it.
    internal const string Field = """{"type":"Polygon","coordinates":[[[-8.611,41.15045],[-8.609,41.15045],[-8.609,41.15255],[-8.611,41.15255],[-8.611,41.15045]]]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_a_node_is_killed_its_driver_is_lost_and_another_node_withdraws_its_offer_and_asks_the_next()
    {
        var folder = Directory.CreateTempSubdirectory("killed-node-").FullName;
        string[] args = ["--Trips:OfferWindow", "00:00:10"];
        await using (var redis = await RedisProcess.StartAsync())
        {
            // The first one holds the area's work and its matching.
            await using var killed = await ServerProcess.StartAsync(folder, redis, args);
            await using var stays = await ServerHost.StartAsync(redis, args: args);
            var service = stays.TokenOf(Role.Service, "backend");
            var directory = new DirectoryService.DirectoryServiceClient(stays.Channel());
            foreach (var id in new[] { "d1", "d2" })
            {
                await directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = id, DisplayName = id } }, service, cancellationToken: Cancel);
            }

            using var channel = GrpcChannel.ForAddress(killed.GrpcAddress);
            var token = await File.ReadAllTextAsync(Path.Combine(folder, "dev-service.token"), Cancel);
            using var stream = new DriverService.DriverServiceClient(channel).Connect(new Metadata { { "authorization", "Bearer " + token.Trim() } }, cancellationToken: Cancel);
            await stream.RequestStream.WriteAsync(new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = "d1", SessionId = "s" } }, Cancel);
            await stream.RequestStream.WriteAsync(new ConnectRequest { Locations = DriverPhone.Batch(Now(), 1) }, Cancel);
            await stream.RequestStream.WriteAsync(new ConnectRequest { Action = Available }, Cancel);
            await ServerHost.UntilAsync(() => stays.City.GetRequiredService<CityFleet>().TryGet("d1", out var driver) && driver.HasFix
                && driver.Status is { Link: Engine.Index.DriverLink.Connected, Availability: Engine.Index.DriverAvailability.Available });
            var trip = (await new RiderService.RiderServiceClient(stays.Channel()).RequestTripAsync(RideWorld.Ride(), service, cancellationToken: Cancel)).Trip;
            do
            {
                Assert.True(await stream.ResponseStream.MoveNext(Cancel));
            }
            while (stream.ResponseStream.Current.Command?.TripOffer is null);

            killed.Kill();

            await ServerHost.UntilAsync(() => !stays.City.GetRequiredService<CityFleet>().IsConnected("d1"));
            await using var phone = await DriverPhone.ConnectAsync(stays, "d2");
            await phone.SendAsync(DriverPhone.Batch(Now(), 1));
            await phone.SendAsync(new ConnectRequest { Action = Available });
            Assert.Equal(trip.TripId, (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer.TripId);
        }

        Directory.Delete(folder, recursive: true);

        static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
    }

    [Fact]
    public async Task A_node_that_stops_and_starts_again_makes_no_exits_up()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var stays = await RideWorld.StartAsync(redis);
        var zones = new ZoneWorld(stays.Host);
        await zones.UpsertAsync("field", ZoneKind.Geofence, Field);
        await using (var stops = await RideWorld.StartAsync(redis))
        {
            await using var phone = await DriverPhone.ConnectAsync(stops.Host, "d1");
            await phone.SendAsync(DriverPhone.Batch(stops.Time.GetUtcNow().ToUnixTimeMilliseconds(), 1, 12));
            Assert.Empty(await phone.ReadAckAsync(12));
            await zones.ReadAsync("", 1);
        }

        // Nobody carries the driver, and who holds the work looks after it.
        await stays.Host.PassAsync<StreamSweep>(TimeSpan.FromSeconds(1));
        await using var again = await RideWorld.StartAsync(redis);
        await stays.Host.PassAsync<StreamSweep>(TimeSpan.FromSeconds(27));
        await again.Host.PassAsync<StreamSweep>(TimeSpan.FromSeconds(28));
        await using var back = await DriverPhone.ConnectAsync(again.Host, "d1");
        await back.SendAsync(DriverPhone.Batch(again.Time.GetUtcNow().ToUnixTimeMilliseconds(), 13, 28));
        Assert.Empty(await back.ReadAckAsync(40));

        var events = await zones.ReadAsync("", 2);
        Assert.Equal(
            [(1UL, ZoneEventKind.Enter, ZoneEventCause.Moved), (2UL, ZoneEventKind.Exit, ZoneEventCause.Left)],
            events.Select(e => (e.DriverEventNumber, e.Kind, e.Cause)));
    }

    private static DriverAction Available => new() { ActionId = "a", SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } };
}
