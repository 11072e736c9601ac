using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Outbox;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;
using StackExchange.Redis;
using Trip = RideTracking.Engine.Dispatch.Trip;
using TripState = RideTracking.V1.TripState;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>What memory does not know is still in the store, and is served from there.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class LostReplyTests
{
    [Fact]
    public async Task A_request_whose_reply_was_lost_is_found_matched_and_answered_the_same_when_repeated()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await RideWorld.StartAsync(redis, null, "--redis", redis.Endpoint + ",asyncTimeout=1500");
        var driver = await world.DriverAsync("d1");
        // Redis takes the commit in and runs it later, when nobody waits for the reply any more.
        await using var admin = await redis.ConnectAsync();
        await admin.GetServer(redis.Endpoint).ExecuteAsync("CLIENT", "PAUSE", "6000", "ALL");

        var unheard = await Assert.ThrowsAsync<RpcException>(() => world.RequestAsync("q1"));
        Assert.Equal(StatusCode.Unavailable, unheard.StatusCode);

        // Redis answers this when it answers again.
        var database = admin.GetDatabase();
        while (!database.IsConnected("any") || await TimedOutAsync(() => database.PingAsync()))
        {
        }

        var committed = Assert.Single(await world.Store.ReadDueAsync(DateTimeOffset.MaxValue, 10));
        var trip = await world.RequestAsync("q1");
        Assert.Equal(committed, trip.TripId);

        // What was left in doubt is looked at each second.
        await world.Host.StoreBackAsync();
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(trip.TripId, (await driver.NextOfferAsync()).TripId);
        Assert.Equal(1, world.Book.SearchingCount);
    }

    [Fact]
    public async Task However_often_is_asked_while_the_store_is_away_memory_holds_so_many_doubts_and_then_reads_all()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var world = await RideWorld.StartAsync(redis);
        var before = await world.RequestAsync("before");
        redis.Kill();
        await world.Host.StoreGoneAsync();
        var dispatcher = world.Host.City.GetRequiredService<Dispatcher>();
        for (var i = 0; i < 1_100; i++)
        {
            Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => world.RequestAsync($"q{i}"))).StatusCode);
            Assert.InRange(dispatcher.DoubtCount, 0, 1_000);
        }

        Assert.Equal(0, dispatcher.DoubtCount);
        await redis.StartAgainAsync();
        await world.Host.StoreBackAsync();
        await world.Host.PassAsync<TripPresent>(TimeSpan.FromSeconds(1));
        Assert.Equal(before.TripId, Assert.Single(world.Book.Present).Id);
        Assert.Equal(TripState.Searching, (await world.RequestAsync("after")).State);
    }

    [Fact]
    public async Task A_trip_that_no_node_knows_reaches_its_end()
    {
        await using var world = await RideWorld.StartAsync();
        await world.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        await CommitUnseenAsync(world, "default.unseen", null, new RideRequested(
            "default.unseen", "r1",
            [new RequestedWaypoint(null, Engine.Dispatch.WaypointKind.Pickup, RideWorld.Porto, ""), new RequestedWaypoint(null, Engine.Dispatch.WaypointKind.Dropoff, RideWorld.North(9), "")],
            1, ""));
        Assert.Null(world.Book.Find("default.unseen"));
        Assert.Equal(TripState.Searching, (await world.GetAsync("default.unseen")).State);

        world.Time.Advance(TimeSpan.FromMinutes(5));

        while ((await world.GetAsync("default.unseen")).State != TripState.Unfulfilled)
        {
            // Each look is a round trip to the server, which is at work on it.
        }
    }

    [Fact]
    public async Task An_action_that_was_decided_on_an_old_state_is_decided_again_on_the_new_one()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();
        // Another node cancels; this one has not heard of it.
        await world.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        await CommitUnseenAsync(
            world, trip.TripId, world.Book.Find(trip.TripId),
            new CancelRequested(Engine.Dispatch.TripActor.Ops, Engine.Dispatch.CancellationReason.Other, ""), world.Book.PlanOf("d1"));
        Assert.Equal(Engine.Dispatch.TripState.Assigned, world.Book.Find(trip.TripId)!.State);

        var refused = await driver.ProgressAsync(trip.TripId, trip.Waypoints[0].WaypointId, V1.WaypointStep.Arrived);

        Assert.Equal("TRIP_STATE", RideTests.Reason(refused));
        Assert.Equal(TripState.Cancelled, (await world.GetAsync(trip.TripId)).State);
        Assert.Equal(Engine.Index.DriverWork.Idle, world.Book.PlanOf("d1").Work);
    }

    [Fact]
    public async Task A_trip_and_a_plan_of_different_moments_are_read_again_before_anything_is_decided()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await RideWorld.StartAsync(redis);
        await using var elsewhere = await RideWorld.StartAsync(redis);
        await elsewhere.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        var driver = await here.DriverAsync("d1");
        var trip = await here.RequestAsync();
        await driver.AcceptNextAsync();
        var arrived = driver.Action();
        arrived.TripProgress = new V1.TripProgress { TripId = trip.TripId, WaypointId = trip.Waypoints[0].WaypointId, Step = V1.WaypointStep.Arrived };

        // The other node finds the trip in the store and has never heard of the driver's plan.
        var answer = await elsewhere.Host.City.GetRequiredService<DriverDesk>().ActAsync("d1", driver.Claim, arrived, elsewhere.Time.GetUtcNow(), TestContext.Current.CancellationToken);

        Assert.Equal(0, answer!.Status.Code);
        Assert.Equal(TripState.ArrivedAtPickup, (await elsewhere.GetAsync(trip.TripId)).State);
    }

    [Fact]
    public async Task Who_connects_is_told_the_way_as_the_store_has_it_whatever_the_node_remembers()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await RideWorld.StartAsync(redis);
        await using var elsewhere = await RideWorld.StartAsync(redis);
        await elsewhere.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        var driver = await here.DriverAsync("d1");
        await here.RequestAsync();
        await driver.AcceptNextAsync();

        var (availability, way) = await elsewhere.Host.City.GetRequiredService<DriverDesk>().LoadAsync("d1");

        Assert.Equal(V1.DriverAvailability.Available, availability);
        Assert.Equal(2, way.Waypoints.Count);
    }

    [Fact]
    public async Task Who_connects_while_the_store_is_away_is_told_the_way_again_when_it_is_back()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var here = await RideWorld.StartAsync(redis);
        await using var elsewhere = await RideWorld.StartAsync(redis);
        var hear = await elsewhere.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        var driver = await here.DriverAsync("d1");
        await here.RequestAsync();
        await driver.AcceptNextAsync();
        Assert.True(await driver.AcknowledgeReceivedAsync());

        redis.Kill();
        // This node has never heard of the trip.
        var (_, old) = await elsewhere.Host.City.GetRequiredService<DriverDesk>().LoadAsync("d1");
        Assert.Empty(old.Waypoints);
        hear();
        await Task.WhenAll(here.Host.StoreGoneAsync(), elsewhere.Host.StoreGoneAsync());
        await redis.StartAgainAsync();
        await Task.WhenAll(here.Host.StoreBackAsync(), elsewhere.Host.StoreBackAsync());
        elsewhere.Time.Advance(TimeSpan.FromSeconds(1));

        V1.Command? told;
        while ((told = (await driver.WaitingAsync()).SingleOrDefault()) is null)
        {
            // Each look is a round trip to the store.
        }

        Assert.Equal(2, told.RouteChanged.Waypoints.Count);
        Assert.True(told.RouteChanged.RoutePlanVersion > old.RoutePlanVersion);
    }

    [Fact]
    public async Task A_command_is_told_by_the_node_that_has_the_stream_whichever_committed_it()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await RideWorld.StartAsync(redis);
        await using var elsewhere = await RideWorld.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(here.Host, "d1");

        await elsewhere.Host.City.GetRequiredService<Dispatcher>().TellAsync("d1", CommandWire.QueuePosition("z1", "Station", 1, 1, 5, elsewhere.Time.GetUtcNow()));

        var told = (await phone.ReadUntilAsync(m => m.Command is not null)).Command;
        Assert.Equal("z1", told.QueuePosition.ZoneId);
        // It was not acknowledged on that stream, but the app says that it has it when it connects again.
        var outbox = here.Host.City.GetRequiredService<CommandOutbox>();
        Assert.Single(await outbox.ReadAfterAsync("d1", 0));
        await using var again = await DriverPhone.ConnectAsync(here.Host, "d1", configure: hello => hello.LastCommandSequence = told.Sequence);
        await ServerHost.UntilAsync(async () => (await outbox.ReadAfterAsync("d1", 0)).Count == 0);
    }

    [Fact]
    public async Task What_is_over_stays_over_when_the_present_is_read_again()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await RideWorld.StartAsync(redis);
        var trip = await world.RequestAsync();
        var open = world.Book.Find(trip.TripId)!;
        await world.Riders.CancelTripAsync(new V1.CancelTripRequest { TripId = trip.TripId, Reason = V1.CancellationReason.ChangedMind }, world.Service, cancellationToken: TestContext.Current.CancellationToken);
        world.Host.Services.GetRequiredService<RedisStore>().WasRestored();
        await world.Host.PassAsync<TripPresent>(TimeSpan.FromSeconds(1));

        // As the feed brings it, where it is late.
        Assert.False(world.Book.Apply(open, []));
        Assert.True(world.Book.Find(trip.TripId)!.IsFinal);
    }

    [Fact]
    public void What_is_committed_while_the_present_is_read_again_stays()
    {
        var book = NewBook();
        var read = NewTrip("default.read", 1);
        book.Apply(read, [DriverPlan.Empty("d1") with { Version = 1 }]);
        book.Apply(NewTrip("default.lost", 3), [DriverPlan.Empty("d2") with { Version = 5 }]);

        book.BeginReload();
        book.Apply(NewTrip("default.new", 1), [DriverPlan.Empty("d1") with { Version = 2 }]);
        book.Replace([read], [DriverPlan.Empty("d1") with { Version = 1 }]);

        Assert.NotNull(book.Find("default.new"));
        Assert.NotNull(book.Find("default.read"));
        Assert.Null(book.Find("default.lost"));
        Assert.Equal((2ul, 0ul), (book.PlanOf("d1").Version, book.PlanOf("d2").Version));
    }

    [Fact]
    public void Who_follows_a_trip_sees_what_the_store_has_of_it_where_it_has_forgotten_the_last()
    {
        var book = NewBook();
        book.Apply(NewTrip("default.t", 7) with { DriverId = "d1" }, []);
        using var follower = book.Follow(book.Find("default.t")!, () => { });

        book.BeginReload();
        book.Replace([NewTrip("default.t", 6)], []);
        Assert.Equal((6ul, null), (follower.Newest.Version, follower.Newest.DriverId));

        book.Apply(NewTrip("default.t", 7) with { DriverId = "d2" }, []);
        Assert.Equal("d2", follower.Newest.DriverId);
    }

    private static TripBook NewBook()
    {
        var index = new DriverIndex();
        return new TripBook(
            new CityFleet(new DriverSlots(), index, new Engine.Fanout.PositionFanout(index)),
            new BusyPlaces(Options.Create(new BusyPlacesOptions()), TimeProvider.System));
    }

    [Fact]
    public void A_final_trip_stays_a_while_so_that_nothing_older_comes_back()
    {
        var book = NewBook();
        book.Apply(NewTrip("default.t", 3) with { State = Engine.Dispatch.TripState.Unfulfilled }, []);
        book.Apply(NewTrip("default.t", 2), []);

        Assert.True(book.Find("default.t")!.IsFinal);
        Assert.Equal(0, book.SearchingCount);
        book.ForgetFinalBefore(Now);
        Assert.NotNull(book.Find("default.t"));
        book.ForgetFinalBefore(Now.AddTicks(1));
        Assert.Null(book.Find("default.t"));
    }

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    private static Trip NewTrip(string id, ulong version) =>
        new(id, version, "r1", Engine.Dispatch.TripState.Searching, [], 1, "", Now, Now, Now)
        {
            Events = [new Engine.Dispatch.TripEvent(version, Engine.Dispatch.TripEventKind.Requested, Now, Now, Engine.Dispatch.TripActor.Rider, Engine.Dispatch.TripState.Searching, null)],
        };

    private static async Task<bool> TimedOutAsync(Func<Task> call)
    {
        try
        {
            await call();
            return false;
        }
        catch (RedisTimeoutException)
        {
            return true;
        }
    }

    // As another node would: past this node's memory.
    private static async Task CommitUnseenAsync(RideWorld world, string tripId, Trip? trip, DispatchEvent happened, params DriverPlan[] plans)
    {
        var rules = world.Host.City.GetRequiredService<Dispatcher>().Rules;
        var now = world.Time.GetUtcNow();
        var transition = Assert.IsType<Transition>(Transitions.Decide(trip, [.. plans], happened, now, rules));
        Assert.IsType<Committed>(await world.Store.CommitAsync(new TripCommit(
            now, tripId, trip, transition.Trip,
            [.. plans.Select(p => new PlanCommit(p, transition.Plans.Single(x => x.DriverId == p.DriverId), []))])
        {
            Retention = TimeSpan.FromDays(1),
        }));
    }
}
