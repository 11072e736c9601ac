using Google.Rpc;
using Grpc.Core;
using RideTracking.Engine.Geo;
using RideTracking.Server.Areas;
using RideTracking.Server.Roads;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Roads;

/// <summary>Closing and slowing roads at run time.</summary>
public sealed class RoadClosureTests
{
    private static readonly GeoPoint From = StreetWorld.At(-900, -700), To = StreetWorld.At(1_100, 900);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_closed_road_is_driven_around_by_the_next_route_and_by_those_being_driven()
    {
        await using var world = await StreetWorld.StartAsync();
        await using var phone = await world.DriverAsync("d1", From);
        await world.RequestAsync(StreetWorld.At(-300, 150), To);
        var told = await StreetWorld.AcceptAsync(phone);
        var line = EncodedPolyline.Decode(told.Route.EncodedPolyline);
        var closed = Middle(line[^3], line[^2]);
        var before = await world.EstimateAsync(From, To);

        var applied = Assert.Single((await SetAsync(world, Closure("works", closed))).Applied);
        Assert.Equal("works", applied.ClosureId);
        Assert.True(applied.RoadMeters > 0);
        Assert.NotEmpty(applied.StreetNames);
        var around = await StreetWorld.NextRouteAsync(phone);
        Assert.Equal(RouteChangeReason.RoadsChanged, around.Reason);
        Assert.True(Distance(closed, around.Route) > 5, "The new route still uses the closed road.");
        Assert.Equal("works", Assert.Single((await world.Dispatch.ListRoadClosuresAsync(new ListRoadClosuresRequest(), world.Service, cancellationToken: Cancel)).Closures).ClosureId);

        await SetAsync(world);
        var back = await StreetWorld.NextRouteAsync(phone);
        Assert.Equal(RouteChangeReason.RoadsChanged, back.Reason);
        Assert.True(Distance(closed, back.Route) < 5, "The road is open again, and the best.");
        Assert.Equal(before.Duration, (await world.EstimateAsync(From, To)).Duration);
    }

    [Fact]
    public async Task A_slowed_road_takes_longer_and_another_node_knows()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await StreetWorld.StartAsync(redis);
        await using var other = await StreetWorld.StartAsync(redis);
        var before = await other.EstimateAsync(From, To);
        var line = EncodedPolyline.Decode(before.Route.EncodedPolyline);
        var slow = Closure("slow", line[1], Middle(line[line.Length / 2], line[(line.Length / 2) + 1]), line[^2]);
        slow.MaxSpeedKmh = 3;
        await SetAsync(world, slow);
        var here = await world.EstimateAsync(From, To);
        Assert.True(here.Duration.ToTimeSpan() > before.Duration.ToTimeSpan());
        // Time stands still there: nobody looks by himself.
        await ServerHost.UntilAsync(async () => (await other.EstimateAsync(From, To)).Duration.Equals(here.Duration));
    }

    [Fact]
    public async Task Closures_survive_a_restart()
    {
        await using var redis = await RedisProcess.StartAsync();
        TimeSpan closed;
        await using (var world = await StreetWorld.StartAsync(redis))
        {
            var line = EncodedPolyline.Decode((await world.EstimateAsync(From, To)).Route.EncodedPolyline);
            await SetAsync(world, Closure("works", Middle(line[^3], line[^2])));
            closed = (await world.EstimateAsync(From, To)).Duration.ToTimeSpan();
        }

        await using var again = await StreetWorld.StartAsync(redis);
        await again.Host.PassAsync<RoadClosures>(TimeSpan.FromSeconds(1));
        Assert.Equal(closed, (await again.EstimateAsync(From, To)).Duration.ToTimeSpan());
    }

    [Fact]
    public async Task A_store_that_has_fallen_back_to_older_closures_is_followed()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await StreetWorld.StartAsync(redis);
        await using var connection = await redis.ConnectAsync();
        var (store, keys) = (connection.GetDatabase(), new StoreKeys("default"));
        var open = await world.EstimateAsync(From, To);
        var line = EncodedPolyline.Decode(open.Route.EncodedPolyline);
        await SetAsync(world, Closure("works", Middle(line[^3], line[^2])));
        var closed = await world.EstimateAsync(From, To);
        Assert.NotEqual(open.Duration, closed.Duration);

        // A replica that takes over may lack what was written last.
        RedisKey[] replicated = [keys.RoadClosures, keys.RoadClosuresVersion];
        var older = await store.StringGetAsync(replicated);
        await SetAsync(world);
        Assert.Equal(open.Duration, (await world.EstimateAsync(From, To)).Duration);
        await store.StringSetAsync([.. replicated.Zip(older, KeyValuePair.Create)]);
        // The first look may have read before it was set.
        await world.Host.PassAsync<RoadClosures>(TimeSpan.FromSeconds(1));
        await world.Host.PassAsync<RoadClosures>(TimeSpan.FromSeconds(1));
        Assert.Equal(closed.Duration, (await world.EstimateAsync(From, To)).Duration);
    }

    [Fact]
    public async Task A_way_that_could_not_be_found_anew_when_the_roads_changed_is_tried_again()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await StreetWorld.StartAsync(redis);
        await using var connection = await redis.ConnectAsync();
        var (store, plans) = (connection.GetDatabase(), new StoreKeys("default").Plans);
        await using var phone = await world.DriverAsync("d1", From);
        await world.RequestAsync(StreetWorld.At(-300, 150), To);
        var line = EncodedPolyline.Decode((await StreetWorld.AcceptAsync(phone)).Route.EncodedPolyline);
        var plan = await store.HashGetAsync(plans, "d1");
        await store.HashSetAsync(plans, "d1", "99 {");
        await SetAsync(world, Closure("works", Middle(line[^3], line[^2])));
        await world.Host.ErrorAsync("The loop routes_changed failed at d1");

        await store.HashSetAsync(plans, "d1", plan);
        var tried = world.Time.GetUtcNow() + TimeSpan.FromSeconds(31);
        while (world.Time.GetUtcNow() < tried)
        {
            await world.DriveAsync(phone, [From, From]);
        }

        Assert.Equal(RouteChangeReason.RoadsChanged, (await StreetWorld.NextRouteAsync(phone)).Reason);
    }

    [Fact]
    public async Task What_cannot_be_closed_is_told_by_field()
    {
        await using var world = await StreetWorld.StartAsync();
        var refused = await RefusedAsync(world, Closure("a", From), Closure("a", StreetWorld.At(90_000, 0)), Closure("no id!", From));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(["closures[1].closure_id", "closures[2].closure_id"], Fields(refused));
        Assert.Equal(["closures[1].path[0]"], Fields(await RefusedAsync(world, Closure("a", From), Closure("b", StreetWorld.At(90_000, 0)))));

        await using var bare = await StreetWorld.StartAsync(roads: "");
        var none = await RefusedAsync(bare, Closure("a", From));
        Assert.Equal((StatusCode.FailedPrecondition, "NO_ROADS"), (none.StatusCode, none.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
    }

    private static async Task<SetRoadClosuresResponse> SetAsync(StreetWorld world, params RoadClosure[] closures) =>
        await world.Dispatch.SetRoadClosuresAsync(new SetRoadClosuresRequest { Closures = { closures } }, world.Service, cancellationToken: Cancel);

    private static async Task<RpcException> RefusedAsync(StreetWorld world, params RoadClosure[] closures) =>
        await Assert.ThrowsAsync<RpcException>(() => SetAsync(world, closures));

    private static IEnumerable<string> Fields(RpcException refused) =>
        refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field);

    private static RoadClosure Closure(string id, params GeoPoint[] path) =>
        new() { ClosureId = id, Path = { path.Select(StreetWorld.Wire) } };

    private static GeoPoint Middle(GeoPoint a, GeoPoint b) =>
        new((a.LatitudeDegrees + b.LatitudeDegrees) / 2, (a.LongitudeDegrees + b.LongitudeDegrees) / 2);

    // From a place to a route's line.
    private static double Distance(GeoPoint place, Route route)
    {
        var line = EncodedPolyline.Decode(route.EncodedPolyline);
        var nearest = double.PositiveInfinity;
        for (var i = 1; i < line.Length; i++)
        {
            for (var share = 0.0; share <= 1; share += 0.02)
            {
                nearest = Math.Min(nearest, Earth.DistanceMeters(place, new GeoPoint(
                    line[i - 1].LatitudeDegrees + (share * (line[i].LatitudeDegrees - line[i - 1].LatitudeDegrees)),
                    line[i - 1].LongitudeDegrees + (share * (line[i].LongitudeDegrees - line[i - 1].LongitudeDegrees)))));
            }
        }

        return nearest;
    }
}
