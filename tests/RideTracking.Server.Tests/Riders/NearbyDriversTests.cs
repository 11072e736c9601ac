using Google.Rpc;
using Grpc.Core;
using RideTracking.Engine.Geo;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.V1;
using LatLng = Google.Type.LatLng;

namespace RideTracking.Server.Tests.Riders;

/// <summary>What riders see of free cars before they ask for a ride.</summary>
public sealed class NearbyDriversTests
{
    private const double Side = 250;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rider_sees_free_cars_without_identity_and_not_where_they_are()
    {
        await using var world = await RideWorld.StartAsync();
        // Names that no shown id, 16 random digits from 0 to f, can hold by chance.
        await world.DriverAsync("juan", steps: 1);
        await world.DriverAsync("rosa", steps: 9);
        await world.DriverAsync("luis", steps: 4, available: false);
        await world.DriverAsync("omar", steps: 90);

        using var watch = Watch(world, "r1");
        var frame = await watch.NextAsync();

        Assert.Equal(2, frame.Cars.Count);
        Assert.Equal(2, frame.Cars.Select(c => c.CarId).Distinct().Count());
        foreach (var name in new[] { "juan", "rosa", "driver" })
        {
            Assert.DoesNotContain(name, frame.ToString(), StringComparison.OrdinalIgnoreCase);
        }

        Assert.All(frame.Cars, c => Assert.True(Math.Min(Meters(c, 1), Meters(c, 9)) < Side * Math.Sqrt(2)));
        Assert.True(frame.MaxAge.ToTimeSpan() < TimeSpan.FromSeconds(30));
        // No speed is known of them, so no course is told.
        Assert.All(frame.Cars, c => Assert.False(c.HasCourseDegrees));
    }

    [Fact]
    public async Task Ids_last_a_window_and_are_nobody_elses()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        using var one = Watch(world, "r1");
        using var again = Watch(world, "r1");
        using var other = Watch(world, "r2");

        var seen = Assert.Single((await one.NextAsync()).Cars);
        Assert.Equal(seen, Assert.Single((await again.NextAsync()).Cars));
        var others = Assert.Single((await other.NextAsync()).Cars);
        Assert.Equal(seen.Location, others.Location);
        Assert.NotEqual(seen.CarId, others.CarId);

        // In the same window, wherever it has gone.
        world.Time.Advance(TimeSpan.FromSeconds(5));
        driver.Move(RideWorld.North(20));
        Assert.Equal(seen, Assert.Single((await one.NextAsync()).Cars));

        world.Time.Advance(TimeSpan.FromSeconds(30));
        driver.Move(RideWorld.North(20));
        var later = (await one.UntilAsync(f => f.Cars.Count == 1 && f.Cars[0].CarId != seen.CarId)).Cars[0];
        Assert.True(Meters(later, 20) < Side * Math.Sqrt(2));
    }

    [Fact]
    public async Task A_car_that_is_taken_is_not_shown_any_more()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        using var watch = Watch(world, "r1");
        Assert.Single((await watch.NextAsync()).Cars);

        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();
        world.Time.Advance(TimeSpan.FromSeconds(5));
        await watch.UntilAsync(f => f.Cars.Count == 0);

        // Free again within the window: as it was.
        await world.CancelAsync(trip.TripId);
        world.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Single((await watch.UntilAsync(f => f.Cars.Count > 0)).Cars);
    }

    [Fact]
    public async Task Whether_a_car_is_in_the_circle_goes_by_the_place_that_is_shown()
    {
        // Else a circle that shrinks would tell how far away it really is.
        await using var world = await RideWorld.StartAsync();
        await world.DriverAsync("d1", steps: 0);
        using var wide = Watch(world, "r1");
        var shown = Assert.Single((await wide.NextAsync()).Cars);
        var meters = Meters(shown, 0);
        foreach (var (radius, count) in new[] { (meters + 0.5, 1), (meters - 0.5, 0) })
        {
            using var watch = Watch(world, "backend", radius, Role.Service);
            Assert.Equal(count, (await watch.NextAsync()).Cars.Count);
        }
    }

    [Fact]
    public async Task No_more_cars_are_shown_than_the_limit_and_they_are_the_nearest_shown()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Nearby:MaxCars", "3"]);
        for (var car = 0; car < 6; car++)
        {
            await world.DriverAsync($"d{car}", steps: 4 * car);
        }

        using var watch = Watch(world, "r1");
        var frame = await watch.NextAsync();
        Assert.Equal(3, frame.Cars.Count);
        var far = frame.Cars.Select(c => Meters(c, 0)).ToArray();
        Assert.Equal(far.Order(), far);
    }

    [Fact]
    public async Task A_caller_holds_and_opens_no_more_than_its_share()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Nearby:MaxWatchesPerCaller", "2", "--Nearby:MaxOpensPerMinute", "5", "--Nearby:MaxWatches", "4"]);
        using (var first = Watch(world, "r1"))
        using (var second = Watch(world, "r1"))
        {
            await first.NextAsync();
            await second.NextAsync();
            await RefusedAsync(Watch(world, "r1"), "TOO_MANY_WATCHES_OF_CALLER");
            // Others are not concerned, until all places are taken.
            using var third = Watch(world, "r2");
            using var fourth = Watch(world, "backend", role: Role.Service);
            await third.NextAsync();
            await fourth.NextAsync();
            await RefusedAsync(Watch(world, "backend", role: Role.Service), "TOO_MANY_WATCHES");
        }

        await RefusedSoonAsync(world, "WATCHES_TOO_OFTEN");
    }

    [Fact]
    public async Task A_request_that_breaks_a_rule_names_the_fields()
    {
        await using var world = await RideWorld.StartAsync();
        await FaultAsync(new WatchNearbyDriversRequest { RadiusMeters = 100 }, "center");
        foreach (var radius in new[] { 0, -1, 3_001, double.NaN, double.PositiveInfinity })
        {
            await FaultAsync(Around(radius), "radius_meters");
        }

        await FaultAsync(new WatchNearbyDriversRequest { Center = new LatLng { Latitude = 91 }, RadiusMeters = 1 }, "center.latitude");

        async Task FaultAsync(WatchNearbyDriversRequest request, string field)
        {
            using var watch = new Frames(world.Riders.WatchNearbyDrivers(request, world.Service, cancellationToken: Cancellation));
            var refused = await Assert.ThrowsAsync<RpcException>(watch.NextAsync);
            Assert.Equal((StatusCode.InvalidArgument, field), (refused.StatusCode, Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field));
        }
    }

    private static async Task RefusedAsync(Frames watch, string reason)
    {
        using (watch)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(watch.NextAsync);
            Assert.Equal((StatusCode.ResourceExhausted, reason), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        }
    }

    // A place that was left is given back a moment later; each try counts as an opening.
    private static async Task RefusedSoonAsync(RideWorld world, string reason)
    {
        for (var tries = 0; tries < 5; tries++)
        {
            using var watch = Watch(world, "r1");
            try
            {
                await watch.NextAsync();
            }
            catch (RpcException e) when (e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason == reason)
            {
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
            {
                // Not yet given back.
            }
        }

        Assert.Fail($"Never refused with {reason}.");
    }

    private static WatchNearbyDriversRequest Around(double radius) => new()
    {
        Center = new LatLng { Latitude = RideWorld.Porto.LatitudeDegrees, Longitude = RideWorld.Porto.LongitudeDegrees },
        RadiusMeters = radius,
    };

    private static Frames Watch(RideWorld world, string caller, double radius = 3_000, Role role = Role.Rider) => new(
        world.Riders.WatchNearbyDrivers(Around(radius), world.Host.TokenOf(role, caller), cancellationToken: Cancellation));

    private static double Meters(NearbyCar car, int steps) =>
        Earth.DistanceMeters(RideWorld.North(steps), new GeoPoint(car.Location.Latitude, car.Location.Longitude));

    private sealed class Frames(AsyncServerStreamingCall<WatchNearbyDriversResponse> call) : IDisposable
    {
        public Task<WatchNearbyDriversResponse> NextAsync() => UntilAsync(_ => true);

        public async Task<WatchNearbyDriversResponse> UntilAsync(Func<WatchNearbyDriversResponse, bool> wanted)
        {
            using var patience = new CancellationTokenSource(RideWorld.Patience);
            while (await call.ResponseStream.MoveNext(patience.Token))
            {
                if (wanted(call.ResponseStream.Current))
                {
                    return call.ResponseStream.Current;
                }
            }

            throw new InvalidOperationException("The stream ended.");
        }

        public void Dispose() => call.Dispose();
    }
}
