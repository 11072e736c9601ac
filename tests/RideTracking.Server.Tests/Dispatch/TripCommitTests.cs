using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>The one script, on the embedded store and on Redis.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class TripCommitTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_commit_writes_everything_or_nothing(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        var store = stores.Trips;
        var (trip, plan) = (NewTrip(1), NewPlan("d1", 1));
        var commit = new TripCommit(Now, trip.Id, null, trip, [new PlanCommit(DriverPlan.Empty("d1"), plan, [Command("offer:1"), Command("route")])])
        {
            Answer = new StoredAnswer(stores.Keys.RequestAnswer("c", "q"), [0, 255, 32]),
            Retention = TimeSpan.FromDays(1),
        };

        Assert.Equal([2], Assert.IsType<Committed>(await store.CommitAsync(commit)).Waiting);
        Assert.Equal(trip.Events, (await store.ReadTripAsync(trip.Id))!.Events);
        Assert.Equal((1ul, DriverWork.Offered), ((await store.ReadPlanAsync("d1")).Version, (await store.ReadPlanAsync("d1")).Work));
        Assert.Equal([trip.Id], await store.ReadDueAsync(trip.DueAt!.Value, 10));
        Assert.Empty(await store.ReadDueAsync(trip.DueAt.Value.AddMilliseconds(-1), 10));
        Assert.Equal([0, 255, 32], Assert.IsType<Repeated>(await store.CommitAsync(commit)).Answer);

        // Decided on a plan that has changed: nothing of it is written, and the present state comes back.
        var changed = Assert.IsType<Changed>(await store.CommitAsync(
            new TripCommit(Now, trip.Id, trip, NewTrip(2), [new PlanCommit(DriverPlan.Empty("d1"), NewPlan("d1", 1), [Command("route")])])));
        Assert.Equal((1ul, 1ul), (changed.Trip!.Version, changed.Plans[0].Version));
        Assert.Equal(1ul, (await store.ReadTripAsync(trip.Id))!.Version);
        Assert.Equal(3, await stores.Database.HashLengthAsync(stores.Keys.Outbox("d1")));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_was_decided_on_a_state_that_the_store_forgot_is_not_committed_on_another_of_the_same_version(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        var (forgotten, other) = (NewPlan("d1", 1) with { Token = 0xabc }, NewPlan("d1", 1) with { Token = 0x123 });
        await stores.Trips.CommitAsync(new TripCommit(Now, "default.t", null, NewTrip(1) with { Token = 0x123 }, [new PlanCommit(DriverPlan.Empty("d1"), other, [])]));
        var next = NewTrip(2) with { Token = 0xdef };

        var onTrip = await stores.Trips.CommitAsync(new TripCommit(Now, "default.t", NewTrip(1) with { Token = 0xabc }, next, [new PlanCommit(other, null, [])]));
        var onPlan = await stores.Trips.CommitAsync(new TripCommit(Now, "default.t", NewTrip(1) with { Token = 0x123 }, next, [new PlanCommit(forgotten, null, [])]));

        var met = Assert.IsType<Changed>(onTrip);
        Assert.Equal((0x123ul, 0x123ul), (met.Trip!.Token, Assert.IsType<Changed>(onPlan).Plans[0].Token));
        Assert.IsType<Committed>(await stores.Trips.CommitAsync(new TripCommit(Now, "default.t", met.Trip, next, [new PlanCommit(met.Plans[0], null, [])])));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_final_trip_leaves_the_deadlines_and_expires(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        await stores.Trips.CommitAsync(new TripCommit(Now, "default.t", null, NewTrip(1), []));
        var over = NewTrip(2) with { State = TripState.Unfulfilled };

        Assert.IsType<Committed>(await stores.Trips.CommitAsync(new TripCommit(Now, "default.t", NewTrip(1), over, []) { Retention = TimeSpan.FromDays(1) }));

        Assert.Empty(await stores.Trips.ReadDueAsync(DateTimeOffset.MaxValue, 10));
        Assert.InRange((await stores.Database.KeyTimeToLiveAsync(stores.Keys.Trip("default.t")))!.Value, TimeSpan.FromHours(23), TimeSpan.FromDays(1));
        var (trips, _) = await stores.Trips.ReadPresentAsync();
        Assert.Empty(trips);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Events_are_written_with_the_commit_that_caused_them_and_numbered_without_a_gap(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        // Two want each trip; one gets it.
        var replies = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => stores.Trips.CommitAsync(
            new TripCommit(Now, $"default.t{i / 2}", null, NewTrip(1, $"default.t{i / 2}"), []))));
        Assert.Equal(40, replies.OfType<Committed>().Count());

        var events = (await stores.Events.ReadAsync(0, 100)).Events;
        Assert.Equal(Enumerable.Range(1, 40).Select(n => (ulong)n), events.Select(e => e.Entry.At.Number));
        Assert.Equal(events.Select(e => $"{e.Entry.At}"), events.Select(e => e.Event!.Cursor));
        Assert.Equal(40, events.Select(e => e.Event!.TripId).Distinct().Count());
        Assert.Equal(40, events.Select(e => e.Entry.At.Token).Distinct().Count());
        Assert.Equal(events.SkipLast(1).Select(e => e.Entry.At).Prepend(default), events.Select(e => e.Entry.Before));
        Assert.Equal(events[^1].Entry.At, await stores.Events.NewestAsync());
        Assert.Equal(default, await stores.Events.OldestAsync());
        await stores.Events.RemoveThroughAsync(7);
        Assert.Equal(events[6].Entry.At, await stores.Events.OldestAsync());
        Assert.Equal(events[7].Entry.At, (await stores.Events.ReadAsync(0, 1)).Events[0].Entry.At);
        await stores.Events.RemoveThroughAsync(40);
        Assert.Equal(events[^1].Entry.At, await stores.Events.OldestAsync());
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Of_many_who_want_one_driver_exactly_one_gets_it(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);

        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => stores.Trips.CommitAsync(
            new TripCommit(Now, $"default.t{i}", null, NewTrip(1, $"default.t{i}"), [new PlanCommit(DriverPlan.Empty("d1"), NewPlan("d1", 1), [Command($"offer:{i}")])]))));

        Assert.Single(replies.OfType<Committed>());
        Assert.Equal(49, replies.OfType<Changed>().Count());
        Assert.Single(await stores.Trips.ReadDueAsync(DateTimeOffset.MaxValue, 100));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Commands_are_numbered_from_the_time_on_and_one_after_the_other_whoever_adds_them(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => stores.Trips.CommitAsync(
            new TripCommit(Now, null, null, null, [new PlanCommit(DriverPlan.Empty("d1"), null, [Command($"offer:{i}"), Command($"removed:{i}")])]))));

        var entries = await stores.Database.HashGetAllAsync(stores.Keys.Outbox("d1"));

        Assert.Equal(
            Enumerable.Range(0, 80).Select(i => Now.ToUnixTimeMilliseconds() + i),
            entries.Where(e => e.Name != "#").Select(e => long.Parse(((string)e.Value!).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).Order());
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task An_outbox_that_is_full_takes_no_offer_until_something_expired(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        for (var i = 0; i < 3; i++)
        {
            await stores.Trips.CommitAsync(new TripCommit(Now, null, null, null, [new PlanCommit(DriverPlan.Empty("d1"), null, [Command($"removed:{i}")])]));
        }

        var more = new TripCommit(Now, null, null, null, [new PlanCommit(DriverPlan.Empty("d1"), null, [Command("offer:9")])]) { OutboxLimit = 3 };
        Assert.IsType<OutboxFull>(await stores.Trips.CommitAsync(more));
        var later = more with { Now = Now.AddHours(2) };
        Assert.Equal([1], Assert.IsType<Committed>(await stores.Trips.CommitAsync(later)).Waiting);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Only_the_connection_that_holds_the_driver_commits(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        var claims = stores.Host.City.GetRequiredService<ConnectionClaims>();
        var commit = new TripCommit(Now, null, null, null, [new PlanCommit(DriverPlan.Empty("d1"), NewPlan("d1", 1), [])]);
        Assert.Null(Assert.IsType<OtherClaim>(await stores.Trips.CommitAsync(commit with { Actor = new ActingDriver("d1", new DriverClaim(1, "w")) })).Now);
        var first = (await claims.ClaimAsync(new ClaimRequest("d1", "s1"), TestContext.Current.CancellationToken)).Claim;
        var second = (await claims.ClaimAsync(new ClaimRequest("d1", "s1"), TestContext.Current.CancellationToken)).Claim;

        Assert.Equal(second, Assert.IsType<OtherClaim>(await stores.Trips.CommitAsync(commit with { Actor = new ActingDriver("d1", first) })).Now);
        Assert.IsType<Committed>(await stores.Trips.CommitAsync(commit with { Actor = new ActingDriver("d1", second) }));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task The_present_is_read_back_whole(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        foreach (var some in Enumerable.Range(0, 1200).Chunk(25))
        {
            // All at once, the last would wait longer on a busy machine than the store's client does.
            await Task.WhenAll(some.Select(i => stores.Trips.CommitAsync(
                new TripCommit(Now, $"default.t{i}", null, NewTrip(1, $"default.t{i}"), [new PlanCommit(DriverPlan.Empty($"d{i}"), NewPlan($"d{i}", 1), [])]))));
        }

        var (trips, plans) = await stores.Trips.ReadPresentAsync();

        Assert.Equal(1200, trips.Select(t => t.Id).Distinct().Count());
        Assert.Equal(1200, plans.Select(p => p.DriverId).Distinct().Count());
        Assert.All(trips, t => Assert.Equal(2, t.Waypoints.Length));
    }

    // A look before the commit may meet another past than the commit: the one of a server that was the master.
    [Theory, InlineData(false), InlineData(true)]
    public async Task Nobody_is_blamed_for_what_still_waits_when_it_is_committed(bool onRedis)
    {
        await using var stores = await Stores.StartAsync(onRedis);
        var plan = NewPlan("d1", 1);
        await stores.Trips.CommitAsync(new TripCommit(Now, "default.t", null, NewTrip(1), [new PlanCommit(DriverPlan.Empty("d1"), plan, [Command("offer:1")])]));
        var blame = new TripCommit(Now, "default.t", NewTrip(1), NewTrip(2), [new PlanCommit(plan, NewPlan("d1", 2), []) { MustHaveHad = "offer:1" }]);

        Assert.Equal("d1", Assert.IsType<Untold>(await stores.Trips.CommitAsync(blame)).DriverId);
        Assert.Equal((1ul, 1ul), ((await stores.Trips.ReadTripAsync("default.t"))!.Version, (await stores.Trips.ReadPlanAsync("d1")).Version));
        await stores.Database.HashDeleteAsync(stores.Keys.Outbox("d1"), "offer:1");
        Assert.IsType<Committed>(await stores.Trips.CommitAsync(blame));
    }

    // Who is blamed for an offer is asked at its deadline, which may be looked at late.
    [Fact]
    public async Task An_offer_that_expired_untold_stays_until_its_deadline_is_served_whatever_is_acknowledged_meanwhile()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        await world.RequestAsync();
        var offer = await driver.NextOfferAsync();
        var area = world.Host.City.GetRequiredService<Area>();

        await AcknowledgeAsync(after: TimeSpan.FromMinutes(5));
        Assert.True(await WaitsAsync());

        await AcknowledgeAsync(after: TimeSpan.FromMinutes(30));
        Assert.False(await WaitsAsync());

        async Task<bool> WaitsAsync() => !(await area.Trips.HashGetAsync(area.Keys.Outbox("d1"), CommandWire.OfferField(offer.OfferId))).IsNull;

        Task AcknowledgeAsync(TimeSpan after) => StoreScript.OutboxAcknowledge.RunAsync(
            area.Writes, [area.Keys.Connections, area.Keys.Outbox("d1")],
            ["d1", driver.Claim.ToString(), 7, (world.Time.GetUtcNow() + after).ToUnixTimeMilliseconds()]);
    }

    [Fact]
    public void What_a_record_leaves_out_is_what_it_is_without()
    {
        var plan = TripRecords.ReadPlan("3 {\"driverId\":\"d1\",\"version\":3,\"availability\":2}")!;
        Assert.Equal((DriverWork.Idle, 0, 0), (plan.Work, plan.Trips.Length, plan.Stops.Length));
        var record = JsonNode.Parse(((string)TripRecords.Write(NewTrip(1))!)[2..])!.AsObject();
        foreach (var name in record.Select(p => p.Key).Except(["id", "version", "riderId", "state", "waypoints", "note", "events"]).ToList())
        {
            record.Remove(name);
        }

        var trip = TripRecords.ReadTrip("1 " + record.ToJsonString())!;
        Assert.Equal((0, 0, ""), (trip.Offers.Length, trip.PassedOver.Length, trip.Terms.ExternalId));
    }

    internal static Trip NewTrip(ulong version, string id = "default.t") => new(
        id, version, "r1", TripState.Searching,
        [
            new Waypoint(id + ".w1", WaypointKind.Pickup, WaypointState.Pending, new GeoPoint(41.15, -8.61), "Praça"),
            new Waypoint(id + ".w2", WaypointKind.Dropoff, WaypointState.Pending, new GeoPoint(41.16, -8.6), ""),
        ],
        1, "", Now, Now, Now.AddMinutes(5))
    {
        Events = [new TripEvent(version, TripEventKind.Requested, Now, Now, TripActor.Rider, TripState.Searching, null)],
    };

    private static DriverPlan NewPlan(string driver, ulong version) =>
        new(driver, version, DriverAvailability.Available, 0) { OfferedTripId = "default.t" };

    // Bytes that are no text, as a message may hold.
    private static OutboxCommand Command(string field) => new(field, [], Now.AddHours(1), [0, 10, 255, .. Encoding.UTF8.GetBytes(field)]);

    private sealed class Stores(ServerHost host, RedisProcess? redis) : IAsyncDisposable
    {
        public ServerHost Host => host;

        public TripStore Trips => host.City.GetRequiredService<TripStore>();

        public EventLog<V1.LoggedTripEvent> Events => host.City.GetRequiredService<EventLog<V1.LoggedTripEvent>>();

        public StoreKeys Keys => host.City.GetRequiredService<StoreKeys>();

        public StackExchange.Redis.IDatabase Database => host.Services.GetRequiredService<RedisStore>().Trips.Database;

        public static async Task<Stores> StartAsync(bool onRedis)
        {
            var redis = onRedis ? await RedisProcess.StartAsync() : null;
            // The clock stands, so that the server's own services leave the trips of the test alone.
            return new Stores(await ServerHost.StartAsync(redis, new WatchedTime(Now)), redis);
        }

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            if (redis is not null)
            {
                await redis.DisposeAsync();
            }
        }
    }
}
