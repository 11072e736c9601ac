using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>What happens to trips, as the company's backend is told it.</summary>
public sealed class TripEventTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task Every_event_of_every_trip_is_told_once_in_order_and_again_from_a_cursor(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        using var live = Watch(world, new WatchTripEventsRequest());
        Assert.True(await live.ResponseStream.MoveNext(Cancel));
        Assert.Empty(live.ResponseStream.Current.Events);
        var begin = live.ResponseStream.Current.Cursor;

        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();
        var other = await world.RequestAsync("q2", "r2");
        await world.CancelAsync(other.TripId);
        await world.CancelAsync(trip.TripId);
        var told = (await world.GetAsync(trip.TripId)).Events.Count + (await world.GetAsync(other.TripId)).Events.Count;

        var events = await ReadAsync(live, told);
        Assert.Equal(told, events.Select(e => e.Cursor).Distinct().Count());
        foreach (var (tripId, riderId) in new[] { (trip.TripId, "r1"), (other.TripId, "r2") })
        {
            var ofTrip = events.Where(e => e.TripId == tripId).ToList();
            Assert.Equal(Enumerable.Range(1, ofTrip.Count).Select(n => (ulong)n), ofTrip.Select(e => e.Event.Version));
            Assert.Equal((await world.GetAsync(tripId)).Events.Select(e => e.Kind), ofTrip.Select(e => e.Event.Kind));
            Assert.All(ofTrip, e => Assert.Equal(riderId, e.RiderId));
        }

        // Who was asked is told here, before the assignment too; who has the trip, from then on.
        var offered = events.Single(e => e.TripId == trip.TripId && e.Event.Kind == TripEventKind.Offered);
        Assert.Equal(("d1", ""), (offered.Event.DriverId, offered.DriverId));
        Assert.Equal("d1", events.Single(e => e.Event.Kind == TripEventKind.Assigned).DriverId);

        Assert.Equal(events.Skip(3), await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = events[2].Cursor }, told - 3));
        Assert.Equal(events, await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = begin }, told));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_watcher_gets_only_what_it_asked_for(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();
        var other = await world.RequestAsync("q2", "r2");
        await world.CancelAsync(other.TripId);

        Assert.Equal(
            [TripEventKind.Requested, TripEventKind.Cancelled],
            (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "", TripId = other.TripId }, 2)).Select(e => e.Event.Kind));
        Assert.Equal(
            [TripEventKind.Requested, TripEventKind.Cancelled],
            (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "", RiderId = "r2" }, 2)).Select(e => e.Event.Kind));
        Assert.Equal(
            [TripEventKind.Offered, TripEventKind.Assigned],
            (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "", DriverId = "d1" }, 2)).Select(e => e.Event.Kind));
        Assert.Equal(
            [trip.TripId, other.TripId],
            (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "", Kinds = { TripEventKind.Requested } }, 2)).Select(e => e.TripId));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Only_so_many_are_kept_and_who_comes_back_too_late_is_told_so(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Trips:EventsKept", "1000");
        foreach (var some in Enumerable.Range(0, 1010).Chunk(20))
        {
            await Task.WhenAll(some.Select(i => world.Store.CommitAsync(
                new TripCommit(world.Time.GetUtcNow(), $"default.t{i}", null, TripCommitTests.NewTrip(1, $"default.t{i}"), []))));
        }

        var all = await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "" }, 1010);
        await world.Host.PassAsync<TripRetention>(TimeSpan.FromSeconds(1));
        await RefusedAsync(world, all[8].Cursor, "CURSOR_TOO_OLD", oldest: all[9].Cursor);
        // Just before the oldest that is kept: the event itself is gone, and nothing after it.
        Assert.Equal(all[10], (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = all[9].Cursor }, 1000))[0]);
        Assert.Equal(all[10], (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "" }, 1000))[0]);
        await RefusedAsync(world, Forgotten(all[9]), "CURSOR_UNKNOWN", oldest: all[9].Cursor);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Events_leave_with_the_trips_retention_and_the_cursor_goes_on(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Trips:Retention", "1.00:00:00");
        var trip = await world.RequestAsync("q1");
        await world.CancelAsync(trip.TripId);
        world.Time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        var later = await world.RequestAsync("q2");
        var all = await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "" }, 3);
        Assert.Equal(trip.TripId, all[0].TripId);

        await world.Host.PassAsync<TripRetention>(TimeSpan.FromMinutes(2));
        await RefusedAsync(world, all[0].Cursor, "CURSOR_TOO_OLD", oldest: all[1].Cursor);
        var kept = Assert.Single(await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = all[1].Cursor }, 1));
        Assert.Equal((all[2].Cursor, later.TripId), (kept.Cursor, kept.TripId));
    }

    [Fact]
    public async Task A_watcher_that_comes_back_after_a_restart_goes_on_where_it_was()
    {
        await using var redis = await RedisProcess.StartAsync();
        string tripId, cursor;
        await using (var world = await RideWorld.StartAsync(redis))
        {
            tripId = (await world.RequestAsync("q1")).TripId;
            cursor = Assert.Single(await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "" }, 1)).Cursor;
        }

        await using var again = await RideWorld.StartAsync(redis);
        await again.CancelAsync(tripId);

        var events = await ReadAsync(again, new WatchTripEventsRequest { AfterCursor = "" }, 2);
        Assert.Equal([TripEventKind.Requested, TripEventKind.Cancelled], events.Select(e => e.Event.Kind));
        Assert.Equal(cursor, events[0].Cursor);
        Assert.Equal(events[1], Assert.Single(await ReadAsync(again, new WatchTripEventsRequest { AfterCursor = cursor }, 1)));
    }

    [Fact]
    public async Task What_another_node_commits_is_told_here_within_a_second()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await RideWorld.StartAsync(redis);
        await using var there = await RideWorld.StartAsync(redis);
        using var watch = Watch(here, new WatchTripEventsRequest());
        Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        var trip = await there.RequestAsync("q1");

        // The watcher looks again after a second, if it has not seen it before.
        await here.Time.AsleepAsync(TimeSpan.FromSeconds(1));
        here.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(trip.TripId, Assert.Single(await ReadAsync(watch, 1)).TripId);
    }

    [Fact]
    public async Task What_happens_while_the_store_is_away_from_a_watcher_is_told_when_it_is_back()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var world = await RideWorld.StartAsync(redis);
        using var watch = Watch(world, new WatchTripEventsRequest { AfterCursor = "" });
        await world.RequestAsync("q1");
        var before = Assert.Single(await ReadAsync(watch, 1));

        // The watcher looks in vain while the store is away, and sleeps again.
        redis.Kill();
        await world.Host.StoreGoneAsync();
        await world.Time.AsleepAsync(TimeSpan.FromSeconds(1));
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.Time.AsleepAsync(TimeSpan.FromSeconds(1));
        await redis.StartAgainAsync();
        await world.Host.StoreBackAsync();
        await world.RequestAsync("q2");

        var told = Assert.Single(await ReadAsync(watch, 1));
        Assert.Equal(TripEventKind.Requested, told.Event.Kind);
        Assert.Equal(told, Assert.Single(await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = before.Cursor }, 1)));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_cursor_that_the_store_has_never_given_is_refused(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        await world.RequestAsync("q1");
        await world.RequestAsync("q2");
        var events = await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "" }, 2);

        await RefusedAsync(world, "3-5eed", "CURSOR_UNKNOWN", newest: events[1].Cursor);
        foreach (var happened in events)
        {
            // Its number is there, and was given by another commit.
            await RefusedAsync(world, Forgotten(happened), "CURSOR_UNKNOWN", newest: events[1].Cursor);
        }
    }

    [Fact]
    public async Task An_open_stream_ends_when_the_store_was_emptied()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await RideWorld.StartAsync(redis);
        using var watch = Watch(world, new WatchTripEventsRequest { AfterCursor = "" });
        await world.RequestAsync("q1");
        await world.RequestAsync("q2");
        await ReadAsync(watch, 2);
        await using (var admin = await redis.ConnectAsync())
        {
            await admin.GetServer(redis.Endpoint).FlushAllDatabasesAsync();
        }

        // The stream has read all: it looks again after a second.
        await world.Time.AsleepAsync(TimeSpan.FromSeconds(1));
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await RefusedAsync(watch, "CURSOR_UNKNOWN", newest: "0-0");
    }

    [Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    [Theory, InlineData(1), InlineData(2), InlineData(4)]
    public async Task A_number_that_the_store_gives_again_is_told_to_who_had_it(int again)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await RideWorld.StartAsync(redis);
        await using var other = await RideWorld.StartAsync(redis);
        await using var connection = await redis.ConnectAsync();
        var (store, keys) = (connection.GetDatabase(), world.Host.City.GetRequiredService<StoreKeys>());
        await other.RequestAsync("q1");
        var last = await store.StringGetAsync(keys.TripEventsCursor);
        await other.RequestAsync("q2");
        await other.RequestAsync("q3");
        using var watch = Watch(world, new WatchTripEventsRequest { AfterCursor = "" });
        var events = await ReadAsync(watch, 3);
        await world.Time.AsleepAsync(TimeSpan.FromSeconds(1));

        // A replica that lacks the last two events takes the store's place, and others get their numbers. This node hears of none of them.
        await world.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        await store.StringSetAsync(keys.TripEventsCursor, last);
        await store.SortedSetRemoveRangeByScoreAsync(keys.TripEvents, 2, double.PositiveInfinity);
        for (var i = 0; i < again; i++)
        {
            await other.RequestAsync($"again{i}");
        }

        // The open stream looks after a second, and finds one fewer than it had, as many, or more.
        world.Time.Advance(TimeSpan.FromSeconds(1));
        var info = await RefusedAsync(watch, "CURSOR_UNKNOWN");
        Assert.Equal(1ul + (ulong)again, EventPosition.Parse(info.Metadata["newest_cursor"])!.Value.Number);
        await RefusedAsync(world, events[2].Cursor, "CURSOR_UNKNOWN", newest: info.Metadata["newest_cursor"]);
        await RefusedAsync(world, events[1].Cursor, "CURSOR_UNKNOWN", newest: info.Metadata["newest_cursor"]);

        // What was not lost is where it was, and what the refusal says is of use.
        Assert.Equal(again, (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = events[0].Cursor }, again)).Count);
        Assert.Equal(events[0], (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = info.Metadata["oldest_cursor"] }, 1 + again))[0]);
        using var anew = Watch(world, new WatchTripEventsRequest { AfterCursor = info.Metadata["newest_cursor"] });
        Assert.True(await anew.ResponseStream.MoveNext(Cancel));
        var next = await world.RequestAsync("next");
        Assert.Equal(next.TripId, Assert.Single(await ReadAsync(anew, 1)).TripId);
    }

    [Fact]
    public async Task Events_of_before_there_were_tokens_are_told_and_followed()
    {
        await using var world = await RideWorld.StartAsync();
        await using var connection = await world.Redis.ConnectAsync();
        var (store, keys) = (connection.GetDatabase(), world.Host.City.GetRequiredService<StoreKeys>());
        var trip = await world.RequestAsync("q1");
        var written = (await world.Host.City.GetRequiredService<EventLog<LoggedTripEvent>>().ReadAsync(0, 1)).Events[0].Entry;
        await store.KeyDeleteAsync(keys.TripEvents);
        await store.SortedSetAddAsync(keys.TripEvents, (byte[])[.. "1 "u8, .. written.Record.Span], 1);
        await store.StringSetAsync(keys.TripEventsCursor, 1);

        using var watch = Watch(world, new WatchTripEventsRequest());
        Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        await world.CancelAsync(trip.TripId);

        var cancelled = Assert.Single(await ReadAsync(watch, 1));
        var all = await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = "" }, 2);
        Assert.Equal([TripEventKind.Requested, TripEventKind.Cancelled], all.Select(e => e.Event.Kind));
        Assert.Equal(cancelled, all[1]);
        Assert.Equal(cancelled, Assert.Single(await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = all[0].Cursor }, 1)));
    }

    [Theory]
    [InlineData("0-0"), InlineData("1-1"), InlineData("18446744073709551615-ffffffffffffffff")]
    public void A_cursor_is_what_was_given(string cursor) => Assert.Equal(cursor, $"{EventPosition.Parse(cursor)}");

    [Theory]
    [InlineData("0"), InlineData("-"), InlineData("1-"), InlineData("-1"), InlineData("01-1"), InlineData("1-01"), InlineData("1-A"), InlineData(" 1-1"), InlineData("1-1 ")]
    [InlineData("+1-1"), InlineData("18446744073709551616-1"), InlineData("1-10000000000000000"), InlineData("1-1-1"), InlineData("\u0661-1")]
    public void Nothing_else_is_one(string text) => Assert.Null(EventPosition.Parse(text));

    [Fact]
    public async Task What_cannot_be_asked_for_is_named()
    {
        await using var world = await RideWorld.StartAsync();
        using var watch = Watch(
            world, new WatchTripEventsRequest { TripId = "elsewhere.t", RiderId = "no id", Kinds = { TripEventKind.Unspecified }, AfterCursor = "17" });
        var refused = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(Cancel));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(["trip_id", "rider_id", "kinds[0]", "after_cursor"], refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));
    }

    private static AsyncServerStreamingCall<WatchTripEventsResponse> Watch(RideWorld world, WatchTripEventsRequest request) =>
        world.Dispatch.WatchTripEvents(request, world.Service, cancellationToken: Cancel);

    private static async Task<List<LoggedTripEvent>> ReadAsync(RideWorld world, WatchTripEventsRequest request, int count)
    {
        using var watch = Watch(world, request);
        return await ReadAsync(watch, count);
    }

    private static async Task<List<LoggedTripEvent>> ReadAsync(AsyncServerStreamingCall<WatchTripEventsResponse> watch, int count)
    {
        using var patience = new CancellationTokenSource(RideWorld.Patience);
        var events = new List<LoggedTripEvent>();
        while (events.Count < count && await watch.ResponseStream.MoveNext(patience.Token))
        {
            events.AddRange(watch.ResponseStream.Current.Events);
        }

        Assert.Equal(count, events.Count);
        return events;
    }

    private static async Task<ErrorInfo> RefusedAsync(RideWorld world, string cursor, string reason, string? oldest = null, string? newest = null)
    {
        using var watch = Watch(world, new WatchTripEventsRequest { AfterCursor = cursor });
        return await RefusedAsync(watch, reason, oldest, newest);
    }

    private static async Task<ErrorInfo> RefusedAsync(
        AsyncServerStreamingCall<WatchTripEventsResponse> watch, string reason, string? oldest = null, string? newest = null)
    {
        using var patience = new CancellationTokenSource(RideWorld.Patience);
        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(patience.Token))
            {
                Assert.Empty(watch.ResponseStream.Current.Events);
            }
        });
        var info = refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!;
        Assert.Equal((StatusCode.OutOfRange, reason), (refused.StatusCode, info.Reason));
        Assert.Equal((oldest ?? info.Metadata["oldest_cursor"], newest ?? info.Metadata["newest_cursor"]), (info.Metadata["oldest_cursor"], info.Metadata["newest_cursor"]));
        return info;
    }

    // A cursor of the same number that a commit gave which the store has forgotten.
    private static string Forgotten(LoggedTripEvent happened) =>
        $"{EventPosition.Parse(happened.Cursor)!.Value with { Token = 0x5eed }}";
}
