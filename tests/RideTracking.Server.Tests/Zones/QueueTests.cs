using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Zones;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Zones;

/// <summary>An airport's queue over real streams.</summary>
public sealed class QueueTests
{
    // Around the pick-up of RideWorld.Ride; a phone's fix n is 11 m times n north of that.
    internal const string AroundPickup = """{"type":"Polygon","coordinates":[[[-8.611,41.1495],[-8.609,41.1495],[-8.609,41.1525],[-8.611,41.1525],[-8.611,41.1495]]]}""";

    internal static readonly long Now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task Who_came_first_is_served_first_and_everybody_hears_of_their_place()
    {
        await using var server = await ServerHost.StartAsync();
        await new ZoneWorld(server).UpsertAsync("airport", ZoneKind.Queue, AroundPickup);
        await using var first = await ArriveAsync(server, "d1", at: 10);
        Assert.Equal(("airport", "Zone airport", 1u, true), Told(await PositionAsync(first)));
        // Nearer to the pick-up, but later.
        await using var second = await ArriveAsync(server, "d2", at: 1);
        var place = await PositionAsync(second);
        Assert.Equal(("airport", "Zone airport", 2u, true), Told(place));
        Assert.Equal(2u, place.QueueLength);

        var riders = new RiderService.RiderServiceClient(server.Channel());
        var trip = (await riders.RequestTripAsync(
            RideWorld.Ride(), server.TokenOf(Role.Service, "backend"), cancellationToken: TestContext.Current.CancellationToken)).Trip;
        var offer = (await first.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer;
        Assert.Equal(trip.TripId, offer.TripId);
        await ActAsync(first, "reply", action => action.OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true });
        Assert.Equal(0u, (await PositionAsync(first)).Position);
        Assert.Equal(1u, (await PositionAsync(second)).Position);
    }

    [Fact]
    public async Task A_short_loss_and_a_restart_keep_the_place_and_a_pause_loses_it()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using (var server = await ServerHost.StartAsync(redis))
        {
            await new ZoneWorld(server).UpsertAsync("airport", ZoneKind.Queue, AroundPickup);
            await using var first = await ArriveAsync(server, "d1", at: 1);
            Assert.Equal(1u, (await PositionAsync(first)).Position);
            await using var second = await ArriveAsync(server, "d2", at: 2);
            Assert.Equal(2u, (await PositionAsync(second)).Position);
        }

        await using var again = await ServerHost.StartAsync(redis);
        await using var third = await ArriveAsync(again, "d3", at: 3);
        Assert.Equal(3u, (await PositionAsync(third)).Position);
        await using var back = await DriverPhone.ConnectAsync(again, "d1");
        // What was told before and never acknowledged comes again; a pause is a place lost.
        Assert.Equal(1u, (await PositionAsync(back)).Position);
        await ActAsync(back, "pause", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Paused });
        Assert.Equal(0u, (await PositionAsync(back)).Position);
        Assert.Equal(2u, (await PositionAsync(third)).Position);
        await ActAsync(back, "resume", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Available });
        Assert.Equal(3u, (await PositionAsync(back)).Position);
    }

    [Fact]
    public async Task Drivers_on_two_nodes_wait_in_one_queue()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await ServerHost.StartAsync(redis);
        await using var elsewhere = await ServerHost.StartAsync(redis);
        await new ZoneWorld(here).UpsertAsync("airport", ZoneKind.Queue, AroundPickup);
        await ServerHost.UntilAsync(() => !elsewhere.City.GetRequiredService<ZoneBook>().Set.Zones.IsEmpty);
        await using var first = await ArriveAsync(elsewhere, "d1", at: 10);
        Assert.Equal(1u, (await PositionAsync(first)).Position);
        await using var second = await ArriveAsync(here, "d2", at: 1);
        var place = await PositionAsync(second);
        Assert.Equal((2u, 2u), (place.Position, place.QueueLength));

        await ActAsync(first, "pause", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Paused });

        Assert.Equal(0u, (await PositionAsync(first)).Position);
        Assert.Equal(1u, (await PositionAsync(second)).Position);
    }

    [Fact]
    public async Task A_deleted_queue_lets_everybody_go()
    {
        await using var server = await ServerHost.StartAsync();
        var world = new ZoneWorld(server);
        await world.UpsertAsync("airport", ZoneKind.Queue, AroundPickup);
        await using var phone = await ArriveAsync(server, "d1", at: 1);
        Assert.Equal(1u, (await PositionAsync(phone)).Position);
        await world.Client.DeleteZoneAsync(
            new DeleteZoneRequest { ZoneId = "airport" }, world.Ops, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0u, (await PositionAsync(phone)).Position);
    }

    [Fact]
    public async Task Who_waits_first_but_was_not_seen_lately_is_passed_over()
    {
        await using var server = await ServerHost.StartAsync(args: ["--Trips:MaxFixAge", "00:00:30", "--Reporting:Seldom:MaxSilence", "00:00:25", "--Reporting:Normal:MaxSilence", "00:00:25"]);
        await new ZoneWorld(server).UpsertAsync("airport", ZoneKind.Queue, AroundPickup);
        await using var first = await ArriveAsync(server, "d1", at: 10, age: TimeSpan.FromMinutes(1));
        Assert.Equal(1u, (await PositionAsync(first)).Position);
        await using var second = await ArriveAsync(server, "d2", at: 1);
        Assert.Equal(2u, (await PositionAsync(second)).Position);
        await new RiderService.RiderServiceClient(server.Channel()).RequestTripAsync(
            RideWorld.Ride(), server.TokenOf(Role.Service, "backend"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.NotNull(await second.ReadUntilAsync(m => m.Command?.TripOffer is not null));
    }

    [Fact]
    public async Task A_driver_whose_record_is_bad_keeps_nobody_else_from_hearing_of_their_place()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var connection = await redis.ConnectAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await new ZoneWorld(server).UpsertAsync("airport", ZoneKind.Queue, AroundPickup);
        await using var bad = await ArriveAsync(
            server, "d1", at: 1, before: () => connection.GetDatabase().HashSetAsync(new StoreKeys("default").Plans, "d1", "99 {"));
        await server.ErrorAsync("The loop zone_queues failed at airport d1");
        await using var good = await ArriveAsync(server, "d2", at: 2);
        Assert.Equal(2u, (await PositionAsync(good)).Position);
        await using var next = await ArriveAsync(server, "d3", at: 3);
        Assert.Equal(3u, (await PositionAsync(next)).Position);
    }

    internal static async Task<DriverPhone> ArriveAsync(ServerHost server, string driverId, ulong at, TimeSpan age = default, Func<Task>? before = null)
    {
        await new DirectoryService.DirectoryServiceClient(server.Channel()).UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = driverId, DisplayName = driverId } },
            server.TokenOf(Role.Service, "backend"), cancellationToken: TestContext.Current.CancellationToken);
        var phone = await DriverPhone.ConnectAsync(server, driverId);
        await ActAsync(phone, "available", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Available });
        await (before?.Invoke() ?? Task.CompletedTask);
        var batch = DriverPhone.Batch(Now + ((long)at * 1000), at);
        batch.SentAtUnixMs += (long)age.TotalMilliseconds;
        await phone.SendAsync(batch);
        return phone;
    }

    internal static async Task ActAsync(DriverPhone phone, string actionId, Action<DriverAction> what)
    {
        var action = new DriverAction { ActionId = actionId };
        what(action);
        await phone.SendAsync(new ConnectRequest { Action = action });
        Assert.Equal(0, (await phone.ReadUntilAsync(m => m.ActionResult?.ActionId == actionId)).ActionResult.Status.Code);
    }

    internal static async Task<QueuePosition> PositionAsync(DriverPhone phone) =>
        (await phone.ReadUntilAsync(m => m.Command?.QueuePosition is not null)).Command.QueuePosition;

    private static (string, string, uint, bool) Told(QueuePosition place) => (place.ZoneId, place.ZoneName, place.Position, place.IsExact);
}
