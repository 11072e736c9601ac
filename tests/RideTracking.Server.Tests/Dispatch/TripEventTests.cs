using Google.Rpc;
using Grpc.Core;
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
        Assert.Equal((0ul, 0), (live.ResponseStream.Current.Cursor, live.ResponseStream.Current.Events.Count));

        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();
        var other = await world.RequestAsync("q2", "r2");
        await world.CancelAsync(other.TripId);
        await world.CancelAsync(trip.TripId);
        var told = (await world.GetAsync(trip.TripId)).Events.Count + (await world.GetAsync(other.TripId)).Events.Count;

        var events = await ReadAsync(live, told);
        Assert.Equal(Enumerable.Range(1, told).Select(n => (ulong)n), events.Select(e => e.Cursor));
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

        Assert.Equal(events.Skip(3), await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = 3 }, told - 3));
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
            (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = 0, TripId = other.TripId }, 2)).Select(e => e.Event.Kind));
        Assert.Equal(
            [TripEventKind.Requested, TripEventKind.Cancelled],
            (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = 0, RiderId = "r2" }, 2)).Select(e => e.Event.Kind));
        Assert.Equal(
            [TripEventKind.Offered, TripEventKind.Assigned],
            (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = 0, DriverId = "d1" }, 2)).Select(e => e.Event.Kind));
        Assert.Equal(
            [trip.TripId, other.TripId],
            (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = 0, Kinds = { TripEventKind.Requested } }, 2)).Select(e => e.TripId));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Only_so_many_are_kept_and_who_comes_back_too_late_is_told_so(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Trips:EventsKept", "1000");
        foreach (var some in Enumerable.Range(0, 1010).Chunk(20))
        {
            await Task.WhenAll(some.Select(i => world.Store.CommitAsync(
                new TripCommit(world.Time.GetUtcNow(), $"default.t{i}", 0, TripCommitTests.NewTrip(1, $"default.t{i}"), []))));
        }

        await RefusedAfterAsync(TimeSpan.FromSeconds(1), world, new WatchTripEventsRequest { AfterCursor = 9 });
        Assert.Equal(11ul, (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = 10 }, 1000))[0].Cursor);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Events_leave_with_the_trips_retention_and_the_cursor_goes_on(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Trips:Retention", "1.00:00:00");
        var trip = await world.RequestAsync("q1");
        await world.CancelAsync(trip.TripId);
        world.Time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        var later = await world.RequestAsync("q2");
        Assert.Equal(trip.TripId, (await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = 0 }, 3))[0].TripId);

        await RefusedAfterAsync(TimeSpan.FromMinutes(2), world, new WatchTripEventsRequest { AfterCursor = 1 });
        var kept = Assert.Single(await ReadAsync(world, new WatchTripEventsRequest { AfterCursor = 2 }, 1));
        Assert.Equal((3ul, later.TripId), (kept.Cursor, kept.TripId));
    }

    [Fact]
    public async Task A_watcher_that_comes_back_after_a_restart_goes_on_where_it_was()
    {
        await using var redis = await RedisProcess.StartAsync();
        string tripId;
        await using (var world = await RideWorld.StartAsync(redis))
        {
            tripId = (await world.RequestAsync("q1")).TripId;
        }

        await using var again = await RideWorld.StartAsync(redis);
        await again.CancelAsync(tripId);

        var events = await ReadAsync(again, new WatchTripEventsRequest { AfterCursor = 0 }, 2);
        Assert.Equal([TripEventKind.Requested, TripEventKind.Cancelled], events.Select(e => e.Event.Kind));
        Assert.Equal([1ul, 2ul], events.Select(e => e.Cursor));
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
        using var watch = Watch(world, new WatchTripEventsRequest { AfterCursor = 0 });
        await world.RequestAsync("q1");
        await ReadAsync(watch, 1);

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
        Assert.Equal((2ul, TripEventKind.Requested), (told.Cursor, told.Event.Kind));
    }

    [Fact]
    public async Task A_cursor_that_the_store_has_never_given_is_refused_and_so_is_a_stream_whose_store_was_emptied()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await RideWorld.StartAsync(redis);
        await world.RequestAsync("q1");
        await world.RequestAsync("q2");
        using var ahead = Watch(world, new WatchTripEventsRequest { AfterCursor = 3 });
        await RefusedAsync(ahead, newest: "2");

        using var watch = Watch(world, new WatchTripEventsRequest { AfterCursor = 0 });
        await ReadAsync(watch, 2);
        await using (var admin = await redis.ConnectAsync())
        {
            await admin.GetServer(redis.Endpoint).FlushAllDatabasesAsync();
        }

        await world.RequestAsync("q3");
        await world.Time.AsleepAsync(TimeSpan.FromSeconds(1));
        world.Time.Advance(TimeSpan.FromSeconds(21));
        await RefusedAsync(watch, newest: "1");

        static async Task RefusedAsync(AsyncServerStreamingCall<WatchTripEventsResponse> watch, string newest)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await watch.ResponseStream.MoveNext(Cancel))
                {
                    Assert.Empty(watch.ResponseStream.Current.Events);
                }
            });
            var info = refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!;
            Assert.Equal((StatusCode.OutOfRange, "CURSOR_UNKNOWN", newest), (refused.StatusCode, info.Reason, info.Metadata["newest_cursor"]));
        }
    }

    [Fact]
    public async Task What_cannot_be_asked_for_is_named()
    {
        await using var world = await RideWorld.StartAsync();
        using var watch = Watch(world, new WatchTripEventsRequest { TripId = "elsewhere.t", RiderId = "no id", Kinds = { TripEventKind.Unspecified } });
        var refused = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(Cancel));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(["trip_id", "rider_id", "kinds[0]"], refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));
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

    private static async Task RefusedAfterAsync(TimeSpan span, RideWorld world, WatchTripEventsRequest request)
    {
        await world.Host.PassAsync<TripRetention>(span);
        using var watch = Watch(world, request);
        var refused = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(Cancel));
        Assert.Equal(StatusCode.OutOfRange, refused.StatusCode);
        var info = refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!;
        Assert.Equal(("CURSOR_TOO_OLD", request.AfterCursor + 1), (info.Reason, ulong.Parse(info.Metadata["oldest_cursor"], System.Globalization.CultureInfo.InvariantCulture)));
    }
}
