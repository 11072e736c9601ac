using System.Collections.Immutable;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Progress;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>Trips as ops and the company's backend find them.</summary>
public sealed class TripListTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task Ops_see_who_was_asked_and_the_rider_does_not(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync("q1", "r1");
        await driver.NextOfferAsync();

        var request = new DispatchServiceGetTripRequest { TripId = trip.TripId };
        var seen = (await world.Dispatch.GetTripAsync(request, world.Host.TokenOf(Role.Ops, "ops"), cancellationToken: Cancel)).Trip;
        Assert.Equal("d1", seen.Events.Single(e => e.Kind == TripEventKind.Offered).DriverId);
        Assert.Equal("", (await world.GetAsync(trip.TripId)).Events.Single(e => e.Kind == TripEventKind.Offered).DriverId);

        foreach (var id in new[] { "default.nothing", "elsewhere.t", "}{", "" })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(
                () => world.Dispatch.GetTripAsync(new DispatchServiceGetTripRequest { TripId = id }, world.Service, cancellationToken: Cancel).ResponseAsync);
            Assert.Equal((StatusCode.NotFound, "TRIP_NOT_FOUND"), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Trips_are_found_by_state_rider_and_driver_under_way_first_and_the_newest_first(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var driven = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();
        var open = new List<string>();
        for (var i = 2; i <= 4; i++)
        {
            world.Time.Advance(TimeSpan.FromMilliseconds(5));
            open.Add((await world.RequestAsync($"q{i}", "r2")).TripId);
        }

        await world.CancelAsync(open[1]);
        world.Time.Advance(TimeSpan.FromMilliseconds(5));
        await world.CancelAsync(open[0]);

        Assert.Equal([open[2], driven.TripId, open[0], open[1]], await IdsAsync(world, new ListTripsRequest()));
        Assert.Equal([open[2], driven.TripId, open[0], open[1]], await IdsAsync(world, new ListTripsRequest { PageSize = 1 }));
        Assert.Equal([open[2], driven.TripId, open[0], open[1]], await IdsAsync(world, new ListTripsRequest { PageSize = 3 }));
        Assert.Equal([open[0], open[1]], await IdsAsync(world, new ListTripsRequest { States = { TripState.Cancelled } }));
        Assert.Equal([driven.TripId], await IdsAsync(world, new ListTripsRequest { States = { TripState.Assigned, TripState.Completed } }));
        Assert.Equal([open[2], open[0], open[1]], await IdsAsync(world, new ListTripsRequest { RiderId = "r2", PageSize = 2 }));
        Assert.Equal([driven.TripId], await IdsAsync(world, new ListTripsRequest { DriverId = "d1" }));
        Assert.Empty(await IdsAsync(world, new ListTripsRequest { DriverId = "d2" }));

        var named = RideWorld.Ride("q5", "r5");
        named.Terms = new TripTerms { ExternalId = "order/77" };
        var ordered = (await world.Riders.RequestTripAsync(named, world.Service, cancellationToken: Cancel)).Trip;
        Assert.Equal([ordered.TripId], await IdsAsync(world, new ListTripsRequest { ExternalId = "order/77" }));
        Assert.Empty(await IdsAsync(world, new ListTripsRequest { ExternalId = "order/7" }));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Pages_hold_every_trip_once_however_many_ended_in_the_same_moment(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        // The clock stands: all of them end in one millisecond.
        foreach (var some in Enumerable.Range(0, 500).Chunk(20))
        {
            await Task.WhenAll(some.Select(i => world.Store.CommitAsync(
                new TripCommit(
                    world.Time.GetUtcNow(), $"default.t{i}", null,
                    TripCommitTests.NewTrip(1, $"default.t{i}") with { State = i % 2 == 0 ? Engine.Dispatch.TripState.Unfulfilled : Engine.Dispatch.TripState.Searching },
                    ImmutableArray<PlanCommit>.Empty)
                { Retention = TimeSpan.FromDays(1) })));
        }

        var ids = await IdsAsync(world, new ListTripsRequest { PageSize = 33 });
        Assert.Equal(500, ids.Count);
        Assert.Equal(500, ids.Distinct().Count());
        Assert.Equal(250, (await IdsAsync(world, new ListTripsRequest { PageSize = 200, States = { TripState.Unfulfilled } })).Count);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_trip_that_is_over_leaves_the_store_after_its_retention_with_all_that_was_kept_of_it(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Trips:Retention", "1.00:00:00");
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();
        foreach (var waypoint in trip.Waypoints)
        {
            Assert.Equal(0, (await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Arrived)).Status.Code);
            Assert.Equal(0, (await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Done)).Status.Code);
        }

        Assert.Equal([trip.TripId], await IdsAsync(world, new ListTripsRequest { States = { TripState.Completed } }));
        await world.Host.PassAsync<DrivenPaths>(TimeSpan.FromSeconds(11));
        Assert.NotNull((await world.Dispatch.GetTripAsync(new DispatchServiceGetTripRequest { TripId = trip.TripId }, world.Service, cancellationToken: Cancel)).Trip.Driven);

        // Keys of one trip, of requests and of actions expire by themselves, on the store's own clock.
        var store = world.Host.Services.GetRequiredService<RedisStore>();
        var keys = world.Host.City.GetRequiredService<StoreKeys>();
        var prefix = $"rt:{{{keys.Area}}}:";
        var passing = new List<string>();
        foreach (var endpoint in store.Bulk.Database.Multiplexer.GetEndPoints())
        {
            await foreach (var key in store.Bulk.Database.Multiplexer.GetServer(endpoint).KeysAsync(pattern: "*"))
            {
                var name = ((string)key!)[prefix.Length..].Split(':')[0];
                if (name is "trip" or "driven" or "request" or "action")
                {
                    passing.Add(name);
                    Assert.InRange((await store.Bulk.Database.KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromHours(1), TimeSpan.FromDays(1));
                }
            }
        }

        Assert.Equal(["action", "driven", "request", "trip"], passing.Distinct().Order());

        // The lists of ended trips and of events are cut on the server's clock.
        await world.Host.PassAsync<TripRetention>(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(1));
        Assert.Equal((0, 0), (await store.Bulk.Database.SortedSetLengthAsync(keys.EndedTrips), await store.Bulk.Database.SortedSetLengthAsync(keys.TripEvents)));
        Assert.Empty(await IdsAsync(world, new ListTripsRequest()));
    }

    [Fact]
    public async Task What_cannot_be_asked_for_is_named()
    {
        await using var world = await RideWorld.StartAsync();
        foreach (var token in new[] { "x", ":", "1:", "-1:default.t", "1:elsewhere.t", ":elsewhere.t", new string('1', 200) + ":default.t" })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => IdsAsync(
                world, new ListTripsRequest { States = { TripState.Unspecified }, RiderId = "no id", DriverId = "}", ExternalId = new string('x', 65), PageSize = 201, PageToken = token }));
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            Assert.Equal(
                ["states[0]", "rider_id", "driver_id", "external_id", "page_size", "page_token"],
                refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));
        }
    }

    // All pages.
    private static async Task<List<string>> IdsAsync(RideWorld world, ListTripsRequest request)
    {
        var ids = new List<string>();
        do
        {
            var page = await world.Dispatch.ListTripsAsync(request, world.Service, cancellationToken: Cancel);
            Assert.InRange(page.Trips.Count, 0, request.PageSize == 0 ? 50 : (int)request.PageSize);
            ids.AddRange(page.Trips.Select(t => t.TripId));
            request = request.Clone();
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return ids;
    }
}
