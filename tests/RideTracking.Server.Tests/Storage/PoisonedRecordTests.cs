using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;
using RideTracking.V1;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

/// <summary>A record of the store that nobody can read keeps nothing else from being read, and ends nothing.</summary>
public sealed class PoisonedRecordTests
{
    private const string Told = "cannot be read";

    // Longer than any trip searches.
    private static readonly TimeSpan SearchTimeout = TimeSpan.FromMinutes(6);
    private static readonly StoreKeys Keys = new("default");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_starts_on_poisoned_records_of_every_kind_and_serves_the_others()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        string tripId;
        await using (var before = await RideWorld.StartAsync(redis))
        {
            await before.DriverAsync("good");
            await before.EnterRiderAsync("r1", "R", "1");
            tripId = (await before.RequestAsync()).TripId;
        }

        await using var connection = await redis.ConnectAsync();
        var store = connection.GetDatabase();
        foreach (var (key, poison) in ((RedisKey, RedisValue)[])
            [
                (Keys.Plans, "1 {"), (CompanyKeys.Directory("drivers"), "\xff\xff"), (CompanyKeys.Directory("vehicles"), "\xff\xff"), (CompanyKeys.Riders, "\xff\xff"),
                (Keys.Zones, "\xff\xff"), (Keys.ZoneVisits, "{"), (Keys.ZoneQueues, "["),
            ])
        {
            await store.HashSetAsync(key, "bad", poison);
        }

        await store.StringSetAsync(Keys.LogCheckpoint, "poison");
        // One that is no JSON, one that is no trip, and a deadline without a trip.
        await store.StringSetAsync(Keys.Trip("default.bad1"), "1 {");
        await store.StringSetAsync(Keys.Trip("default.bad2"), "1 {}");
        foreach (var bad in (string[])["default.bad1", "default.bad2", "default.bad3"])
        {
            await store.SortedSetAddAsync(Keys.Deadlines, bad, 1);
        }

        await using var world = await RideWorld.StartAsync(redis);
        world.Host.ExpectErrors(Told);
        world.Host.ExpectErrors("The loop deadlines failed at default.bad");
        var unreadable = world.Host.Services.GetRequiredService<UnreadableRecords>();
        // What a loop reads a second later follows.
        await world.Host.PassAsync<ZoneQueues>(TimeSpan.FromSeconds(1));
        Assert.Equal(9, unreadable.Count);

        Assert.Equal(tripId, Assert.Single(world.Book.Present).Id);
        Assert.NotNull(world.Host.Services.GetRequiredService<CompanyDirectory>().Drivers.Find("good"));
        Assert.NotNull(await world.Host.Services.GetRequiredService<CompanyDirectory>().Riders.FindAsync("r1"));
        // Riders are read when they are asked for.
        Assert.Null(await world.Host.Services.GetRequiredService<CompanyDirectory>().Riders.FindAsync("bad"));
        Assert.Equal(10, unreadable.Count);
        Assert.Equal("1 {", await store.StringGetAsync(Keys.Trip("default.bad1")));
        Assert.True(await store.HashExistsAsync(Keys.Plans, "bad"));

        // The bad deadlines are before the good one, which is served all the same.
        await world.Host.PassAsync<Deadlines>(SearchTimeout);
        Assert.Equal(TripState.Unfulfilled, (await world.GetAsync(tripId)).State);
        Assert.False(world.Host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task More_bad_deadlines_than_fit_a_page_do_not_keep_a_trip_from_its_end()
    {
        await using var world = await RideWorld.StartAsync();
        world.Host.ExpectErrors("The loop deadlines failed at default.bad");
        await using var connection = await world.Redis.ConnectAsync();
        await connection.GetDatabase().SortedSetAddAsync(
            Keys.Deadlines, [.. Enumerable.Range(0, 1500).Select(i => new SortedSetEntry($"default.bad{i}", i))]);
        var trip = await world.RequestAsync();
        await world.Host.PassAsync<Deadlines>(SearchTimeout);
        Assert.Equal(TripState.Unfulfilled, (await world.GetAsync(trip.TripId)).State);
    }

    [Fact]
    public async Task A_poisoned_event_is_passed_over_by_watchers_and_goes_with_the_old_ones()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Trips:Retention", "1.00:00:00"]);
        world.Host.ExpectErrors(Told);
        await using var connection = await world.Redis.ConnectAsync();
        var store = connection.GetDatabase();
        var first = await world.RequestAsync("q1", "r1");
        // Another node wrote it.
        const string Poisoned = "2 b 0 \xff\xff";
        Assert.StartsWith("1 ", await store.StringGetAsync(Keys.TripEventsCursor), StringComparison.Ordinal);
        await store.StringSetAsync(Keys.TripEventsCursor, "2 b");
        await store.SortedSetAddAsync(Keys.TripEvents, Poisoned, 2);
        var second = await world.RequestAsync("q2", "r2");

        using var watch = world.Dispatch.WatchTripEvents(new WatchTripEventsRequest { AfterCursor = "" }, world.Service, cancellationToken: Cancel);
        var seen = new List<LoggedTripEvent>();
        while (seen.All(e => e.TripId != second.TripId) && await watch.ResponseStream.MoveNext(Cancel))
        {
            seen.AddRange(watch.ResponseStream.Current.Events);
        }

        Assert.Contains(seen, e => e.TripId == first.TripId);
        Assert.DoesNotContain(seen, e => e.Cursor == "2-b");

        await world.Host.PassAsync<TripRetention>(TimeSpan.FromHours(25));
        Assert.Null(await store.SortedSetRankAsync(Keys.TripEvents, Poisoned));
    }

    [Fact]
    public async Task A_poisoned_command_keeps_neither_the_next_one_nor_acknowledgements_from_the_phone()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis);
        server.ExpectErrors(Told);
        await using var connection = await redis.ConnectAsync();
        await connection.GetDatabase().HashSetAsync(Keys.Outbox("d1"), "bad", $"1 {long.MaxValue} \xff\xff");
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        var dispatch = new DispatchService.DispatchServiceClient(server.Channel());
        await dispatch.SendDriverMessageAsync(
            new SendDriverMessageRequest { RequestId = "m1", DriverId = "d1", Text = "hello" }, server.TokenOf(Server.Access.Role.Service, "backend"), cancellationToken: Cancel);
        Assert.Equal("hello", (await phone.ReadUntilAsync(m => m.Command is not null)).Command.DriverMessage.Text);
        await phone.SendAsync(DriverPhone.Batch(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), 1, 2));
        await phone.ReadAckAsync(2);
    }

    [Fact]
    public async Task A_poisoned_batch_of_the_log_is_left_out()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis);
        server.ExpectErrors(Told);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), 1, 2));
        await phone.ReadAckAsync(2);
        await using var connection = await redis.ConnectAsync();
        var segment = (long)await connection.GetDatabase().HashGetAsync(Keys.Log, "segment");
        await connection.GetDatabase().ListLeftPushAsync(Keys.LogSegment(segment), "\xff");
        var read = new List<ulong>();
        await foreach (var logged in server.City.GetRequiredService<LogReader>().ReadAsync())
        {
            read.Add(logged.Fix.Sequence);
        }

        Assert.Equal([1UL, 2UL], read);
    }

    [Fact]
    public void A_trip_that_is_none_cannot_be_read()
    {
        Assert.ThrowsAny<Exception>(() => TripRecords.ReadTrip("1 {}"));
        Assert.ThrowsAny<Exception>(() => TripRecords.ReadPlan("1 {}"));
        Assert.ThrowsAny<Exception>(() => Checkpoint.Parse("poison"));
    }
}
