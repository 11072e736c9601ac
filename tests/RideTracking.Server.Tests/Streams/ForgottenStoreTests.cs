using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Outbox;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Zones;
using RideTracking.V1;
using StackExchange.Redis;
using Role = RideTracking.Server.Access.Role;

namespace RideTracking.Server.Tests.Streams;

/// <summary>A store that has forgotten: numbers that an app or a node still holds come from a future that it does not know.</summary>
public sealed class ForgottenStoreTests
{
    private static long Now { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Drivers_are_claimed_anew_above_all_that_was_and_acknowledgements_go_on()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using (await DriverPhone.ConnectAsync(server, "d1"))
        {
        }

        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 3));
        await phone.ReadAckAsync(3);
        var carrier = server.City.GetRequiredService<Carriers>().Of("d1")!;
        var before = carrier.Claim!;
        await using var store = await redis.ConnectAsync();
        await store.GetServers()[0].FlushAllDatabasesAsync();

        await phone.SendAsync(DriverPhone.Batch(Now + 10_000, 4, 3));
        Assert.Empty(await phone.ReadAckAsync(6));
        Assert.True(carrier.Claim!.Epoch > before.Epoch);
        Assert.NotEqual(before.Writer, carrier.Claim.Writer);
        Assert.Equal([4UL, 5UL, 6UL], (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));
        // An action is done, and not refused as if another had taken over.
        await phone.SendAsync(new ConnectRequest
        {
            Action = new DriverAction { ActionId = "a1", SetAvailability = new SetAvailability { Availability = DriverAvailability.Offline } },
        });
        Assert.Equal(0, (await phone.ReadUntilAsync(m => m.ActionResult is not null)).ActionResult.Status.Code);
    }

    [Fact]
    public async Task An_action_waits_until_its_driver_is_claimed_anew()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await using var store = await redis.ConnectAsync();
        await store.GetServers()[0].FlushAllDatabasesAsync();
        await phone.SendAsync(new ConnectRequest
        {
            Action = new DriverAction { ActionId = "a1", SetAvailability = new SetAvailability { Availability = DriverAvailability.Offline } },
        });
        Assert.Equal(0, (await phone.ReadUntilAsync(m => m.ActionResult is not null)).ActionResult.Status.Code);
    }

    [Fact]
    public async Task Who_has_come_since_keeps_the_driver_that_another_node_claims_anew()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await ServerHost.StartAsync(redis);
        await using var there = await ServerHost.StartAsync(redis);
        await using var former = await DriverPhone.ConnectAsync(here, "d1");
        await former.SendAsync(DriverPhone.Batch(Now, 1));
        await former.ReadAckAsync(1);
        await using var latter = await DriverPhone.ConnectAsync(there, "d1");
        // Of the former one the store knows nothing any more, not even that it lost the driver.
        await using var store = await redis.ConnectAsync();
        var keys = here.City.GetRequiredService<StoreKeys>();
        var writer = here.City.GetRequiredService<LogWriter>().Id;
        await store.GetDatabase().KeyDeleteAsync([keys.LogWriter(writer), keys.LogFence(writer)]);
        here.City.GetRequiredService<FixLog>().ClaimAnew();

        Assert.Equal(StreamClosingReason.TakenOver, (await former.ReadUntilAsync(m => m.StreamClosing is not null)).StreamClosing.Reason);
        await latter.SendAsync(DriverPhone.Batch(Now + 1000, 2));
        Assert.Empty(await latter.ReadAckAsync(2));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Commands_that_wait_are_numbered_above_what_the_app_has_seen_and_none_is_acknowledged_unseen(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        await new DirectoryService.DirectoryServiceClient(server.Channel()).UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "d1" } }, server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);
        await MessageAsync(server, "first");
        await MessageAsync(server, "second");
        // More than the store will give in long.
        var seen = (ulong)Now * 2;
        await using (var phone = await DriverPhone.ConnectAsync(server, "d1", configure: hello => hello.LastCommandSequence = seen))
        {
            Assert.Equal(
                [(seen + 1, "first"), (seen + 2, "second")],
                new[] { await phone.ReadUntilAsync(m => m.Command is not null), await phone.ReadUntilAsync(m => m.Command is not null) }
                    .Select(m => (m.Command.Sequence, m.Command.DriverMessage.Text)));
            // Acknowledged beyond what it was sent: that is not taken at its word.
            await phone.SendAsync(new ConnectRequest { CommandAck = new CommandAck { ThroughSequence = seen * 2 } });
            var outbox = server.City.GetRequiredService<CommandOutbox>();
            await ServerHost.UntilAsync(async () => (await outbox.ReadAfterAsync("d1", 0)).Count == 0);
            await MessageAsync(server, "third");
            Assert.Equal(seen + 3, (await phone.ReadUntilAsync(m => m.Command is not null)).Command.Sequence);
        }

        await using var again = await DriverPhone.ConnectAsync(server, "d1", configure: hello => hello.LastCommandSequence = seen + 2);
        Assert.Equal((seen + 3, "third"), (await again.ReadUntilAsync(m => m.Command is not null)) is { Command: var c } ? (c.Sequence, c.DriverMessage.Text) : default);
    }

    // On the stream that was told of it, or on the next one of the same app.
    [Theory, InlineData(false), InlineData(true)]
    public async Task Whose_trip_the_store_has_forgotten_is_told_to_go_nowhere(bool connectsAnew)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var connection = await redis.ConnectAsync();
        await using var server = await ServerHost.StartAsync(redis);
        var (store, keys) = (connection.GetDatabase(), new StoreKeys("default"));
        await using var phone = await QueueTests.ArriveAsync(server, "d1", at: 1);
        var trip = (await new RiderService.RiderServiceClient(server.Channel()).RequestTripAsync(
            RideWorld.Ride(), server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel)).Trip;
        var offer = (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command;
        var (record, plan) = (await store.StringGetAsync(keys.Trip(trip.TripId)), await store.HashGetAsync(keys.Plans, "d1"));
        // Its way may be told before the answer.
        await phone.SendAsync(new ConnectRequest
        {
            Action = new DriverAction { ActionId = "reply", OfferReply = new OfferReply { OfferId = offer.TripOffer.OfferId, Accepted = true } },
        });
        var told = (await phone.ReadUntilAsync(m => m.Command?.RouteChanged is not null)).Command;
        Assert.NotEmpty(told.RouteChanged.Waypoints);

        await store.StringSetAsync(keys.Trip(trip.TripId), record);
        await store.HashSetAsync(keys.Plans, "d1", plan);
        server.Services.GetRequiredService<RedisStore>().BeginAgain();
        await using var again = !connectsAnew ? null : await DriverPhone.ConnectAsync(
            server, "d1", configure: hello => (hello.LastCommandSequence, hello.RoutePlanVersion) = (told.Sequence, told.RouteChanged.RoutePlanVersion));
        var way = (await (again ?? phone).ReadUntilAsync(m => m.Command?.RouteChanged is { Waypoints: [] })).Command.RouteChanged;
        Assert.True(way.RoutePlanVersion > told.RouteChanged.RoutePlanVersion);
    }

    [Fact]
    public async Task An_open_stream_is_told_commands_above_those_that_it_had_from_a_store_that_forgot()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await MessageAsync(server, "before");
        var before = (await phone.ReadUntilAsync(m => m.Command is not null)).Command.Sequence;
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        await phone.ReadAckAsync(1);
        await using var store = await redis.ConnectAsync();
        await store.GetServers()[0].FlushAllDatabasesAsync();
        await MessageAsync(server, "after");
        await phone.SendAsync(DriverPhone.Batch(Now + 1000, 2));
        var after = (await phone.ReadUntilAsync(m => m.Command is not null)).Command;
        Assert.Equal("after", after.DriverMessage.Text);
        Assert.True(after.Sequence > before);
    }

    [Fact]
    public async Task An_open_stream_is_told_a_command_whose_number_a_store_gives_again_that_has_forgotten_nothing_of_its_claim()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await MessageAsync(server, "before");
        var before = (await phone.ReadUntilAsync(m => m.Command is not null)).Command.Sequence;
        await using var store = await redis.ConnectAsync();
        var (database, keys) = (store.GetDatabase(), server.City.GetRequiredService<StoreKeys>());
        RedisKey[] behind = [keys.Outbox("d1"), keys.DispatchFeed.Entries, keys.DispatchFeed.Head];
        var dumps = await Task.WhenAll(behind.Select(key => database.KeyDumpAsync(key)));
        await MessageAsync(server, "forgotten");
        var forgotten = (await phone.ReadUntilAsync(m => m.Command is not null)).Command.Sequence;
        Assert.True(forgotten > before);

        await Task.WhenAll(behind.Zip(dumps, (key, dump) => database.ExecuteAsync("RESTORE", key, 0, dump!, "REPLACE")));
        await MessageAsync(server, "after");

        // The feed has another entry under its number.
        Assert.True((await phone.ReadUntilAsync(m => m.Command?.DriverMessage.Text == "after")).Command.Sequence > forgotten);
    }

    // The phone was elsewhere when the store forgot, and what came since is as much as was forgotten: no number tells that anything was.
    [Fact]
    public async Task Who_comes_back_after_the_store_forgot_is_told_all_that_was_sent_since()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using var store = await redis.ConnectAsync();
        var (database, outbox) = (store.GetDatabase(), server.City.GetRequiredService<StoreKeys>().Outbox("d1"));
        ulong seen = 0;
        await using (var phone = await DriverPhone.ConnectAsync(server, "d1"))
        {
            await MessageAsync(server, "before");
            await phone.ReadUntilAsync(m => m.Command is not null);
            var dump = await database.KeyDumpAsync(outbox);
            for (var i = 0; i < 2; i++)
            {
                await MessageAsync(server, $"forgotten-{i}");
                seen = (await phone.ReadUntilAsync(m => m.Command is not null)).Command.Sequence;
            }

            await database.ExecuteAsync("RESTORE", outbox, 0, dump!, "REPLACE");
        }

        string[] since = ["after-1", "after-2", "after-3"];
        foreach (var text in since)
        {
            await MessageAsync(server, text);
        }

        await using var again = await DriverPhone.ConnectAsync(server, "d1", configure: hello => hello.LastCommandSequence = seen);
        // The first was never acknowledged, and the store cannot tell whether the app got it.
        foreach (var text in since.Prepend("before"))
        {
            Assert.Equal(text, (await again.ReadUntilAsync(m => m.Command is not null)).Command.DriverMessage.Text);
        }
    }

    // What had taken its place was seen and is forgotten, and since then something else has come, under a higher number: acknowledging that, the
    // app would acknowledge the other unseen.
    [Fact]
    public async Task What_a_store_has_again_that_the_app_never_got_is_told_though_the_app_has_seen_higher_numbers()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using var store = await redis.ConnectAsync();
        var (database, area) = (store.GetDatabase(), server.City.GetRequiredService<Area>());
        await using (await DriverPhone.ConnectAsync(server, "d1"))
        {
        }

        await MessageAsync(server, "unseen");
        var dump = await database.KeyDumpAsync(area.Keys.Outbox("d1"));
        await MessageAsync(server, "forgotten");
        var seen = (await server.City.GetRequiredService<CommandOutbox>().ReadAfterAsync("d1", 0))[^1].Sequence;
        await database.ExecuteAsync("RESTORE", area.Keys.Outbox("d1"), 0, dump!, "REPLACE");
        await ServerHost.UntilAsync(() => area.Clock.GetUtcNow().ToUnixTimeMilliseconds() > (long)seen);
        await MessageAsync(server, "since");

        await using var phone = await DriverPhone.ConnectAsync(server, "d1", configure: hello => hello.LastCommandSequence = seen);
        Assert.Equal("unseen", (await phone.ReadUntilAsync(m => m.Command is not null)).Command.DriverMessage.Text);
        var since = (await phone.ReadUntilAsync(m => m.Command is not null)).Command;
        Assert.Equal("since", since.DriverMessage.Text);

        // Told once: what the store has given since is known to it.
        await MessageAsync(server, "next");
        await using var again = await DriverPhone.ConnectAsync(server, "d1", configure: hello => hello.LastCommandSequence = since.Sequence);
        Assert.Equal("next", (await again.ReadUntilAsync(m => m.Command is not null)).Command.DriverMessage.Text);
    }

    [Fact]
    public async Task A_node_that_was_taken_for_ended_claims_anew_and_tells_no_command_twice()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await new DirectoryService.DirectoryServiceClient(server.Channel()).UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "d1" } }, server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await MessageAsync(server, "first");
        var first = (await phone.ReadUntilAsync(m => m.Command is not null)).Command.Sequence;
        var (area, carrier) = (server.City.GetRequiredService<Area>(), server.City.GetRequiredService<Carriers>().Of("d1")!);
        var before = carrier.Claim!;

        await area.Feed.RunAsync(area.Writes, StoreScript.NodeEnded, [area.Keys.Nodes, area.Keys.Links(before.Writer)], [before.Writer, ""]);
        await ServerHost.UntilAsync(() => carrier.Claim is { } claim && claim != before);

        await MessageAsync(server, "second");
        var next = (await phone.ReadUntilAsync(m => m.Command is not null)).Command;
        Assert.Equal("second", next.DriverMessage.Text);
        Assert.True(next.Sequence > first);
    }

    private static async Task MessageAsync(ServerHost server, string text) =>
        await new DispatchService.DispatchServiceClient(server.Channel()).SendDriverMessageAsync(
            new SendDriverMessageRequest { DriverId = "d1", RequestId = text, Text = text }, server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);
}
