using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Geo;
using RideTracking.Server.Areas;
using RideTracking.Server.Roads;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Roads;

/// <summary>Times of roads and trips, learned from trips that have ended and kept in the store.</summary>
public sealed class LearnedTimesTests
{
    private static readonly TimeSpan Relearned = new RoadOptions().RelearnInterval + TimeSpan.FromSeconds(1);

    private static readonly GeoPoint Start = StreetWorld.At(-900, -700), Pickup = StreetWorld.At(-300, 150), Dropoff = StreetWorld.At(1_100, 900);

    [Fact]
    public async Task A_trip_teaches_how_fast_its_roads_are_here_and_after_a_restart()
    {
        await using var redis = await RedisProcess.StartAsync();
        TimeSpan learned;
        await using (var world = await StreetWorld.StartAsync(redis))
        {
            await using var phone = await world.DriverAsync("d1", Start);
            var trip = await world.RequestAsync(Pickup, Dropoff);
            var told = await StreetWorld.AcceptAsync(phone);
            var before = (await world.EstimateAsync(Pickup, Dropoff)).Duration.ToTimeSpan();
            await world.DriveAsync(phone, EncodedPolyline.Decode(told.Route.EncodedPolyline));
            foreach (var waypoint in trip.Waypoints)
            {
                await StreetWorld.StepAsync(phone, waypoint, WaypointStep.Arrived);
                await StreetWorld.StepAsync(phone, waypoint, WaypointStep.Done);
            }

            // At 10 m/s without a stop the car was not as fast as the roads allow, nor as slow.
            await world.DrivenAsync(trip.TripId);
            await world.Host.PassAsync<LearnedTimes>(Relearned);
            learned = (await world.EstimateAsync(Pickup, Dropoff)).Duration.ToTimeSpan();
            Assert.NotEqual(before, learned);
            Assert.InRange(learned, before * 0.5, before * 2);
        }

        await using var again = await StreetWorld.StartAsync(redis);
        await again.Host.PassAsync<LearnedTimes>(TimeSpan.FromSeconds(1));
        Assert.Equal(learned.TotalSeconds, (await again.EstimateAsync(Pickup, Dropoff)).Duration.ToTimeSpan().TotalSeconds, 1.0);
    }

    [Fact]
    public async Task Once_enough_rides_were_seen_an_estimate_tells_how_long_most_take()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var one = await StreetWorld.StartAsync(redis);
        await using var other = await StreetWorld.StartAsync(redis);
        var before = await one.EstimateAsync(Pickup, Dropoff);
        Assert.Null(before.DurationLow);
        var byRoads = before.Duration.ToTimeSpan();
        var learned = one.Host.City.GetRequiredService<LearnedTimes>();
        for (var i = 0; i < 60; i++)
        {
            // Between one and a half times and twice as long as foretold.
            learned.Learn(byRoads, byRoads * (1.5 + i / 120.0), one.Time.GetUtcNow());
        }

        var after = await one.EstimateAsync(Pickup, Dropoff);
        Assert.InRange(after.Duration.ToTimeSpan(), byRoads * 1.4, byRoads * 2);
        Assert.InRange(after.DurationLow.ToTimeSpan(), byRoads, after.Duration.ToTimeSpan());
        Assert.True(after.DurationHigh.ToTimeSpan() > after.Duration.ToTimeSpan());

        // All nodes learn from all.
        await one.Host.PassAsync<LearnedTimes>(TimeSpan.FromSeconds(16));
        await other.Host.PassAsync<LearnedTimes>(Relearned);
        Assert.NotNull((await other.EstimateAsync(Pickup, Dropoff)).DurationLow);
    }

    [Fact]
    public async Task What_was_learned_is_added_once_though_another_sum_cannot_be_added_to()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await StreetWorld.StartAsync(redis, expectErrors: "learned_times");
        var key = world.Host.City.GetRequiredService<StoreKeys>().TripTimes;
        await using var store = await redis.ConnectAsync();
        await store.GetDatabase().HashSetAsync(key, "trips", "no number");
        world.Host.City.GetRequiredService<LearnedTimes>().Learn(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(12), world.Time.GetUtcNow());

        await world.Host.PassAsync<LearnedTimes>(TimeSpan.FromSeconds(16));
        var once = await store.GetDatabase().HashGetAllAsync(key);
        Assert.True(once.Length > 1);
        await world.Host.PassAsync<LearnedTimes>(TimeSpan.FromSeconds(16));
        Assert.Equal(once, await store.GetDatabase().HashGetAllAsync(key));
    }

    [Fact]
    public async Task Under_way_arrivals_have_a_range_that_narrows_to_what_remains()
    {
        await using var world = await StreetWorld.StartAsync();
        await using var phone = await world.DriverAsync("d1", Start);
        var trip = await world.RequestAsync(Pickup, Dropoff);
        var told = await StreetWorld.AcceptAsync(phone);
        using var watch = new WatchedTrip(world.Riders.WatchTrip(
            new WatchTripRequest { TripId = trip.TripId }, world.Service, cancellationToken: TestContext.Current.CancellationToken));
        var line = EncodedPolyline.Decode(told.Route.EncodedPolyline);
        await world.DriveAsync(phone, line[..(line.Length / 8)]);
        var unsure = (await watch.UntilAsync(r => r.Progress?.DrivenMeters > 10)).Progress;
        Assert.All(unsure.Ahead, ahead => Assert.Null(ahead.EstimatedArrivalLow));

        var learned = world.Host.City.GetRequiredService<LearnedTimes>();
        for (var i = 0; i < 200; i++)
        {
            learned.Learn(TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3) * (0.8 + i / 250.0), world.Time.GetUtcNow());
        }

        await world.DriveAsync(phone, line[((line.Length / 8) - 1)..(line.Length / 4)]);
        var early = (await watch.UntilAsync(r => r.Progress is { } p && p.Ahead.All(a => a.EstimatedArrivalLow is not null))).Progress;
        Assert.Equal(trip.Waypoints.Select(w => w.WaypointId), early.Ahead.Select(a => a.WaypointId));
        foreach (var ahead in early.Ahead)
        {
            Assert.True(ahead.EstimatedArrivalLow <= ahead.EstimatedArrival && ahead.EstimatedArrival <= ahead.EstimatedArrivalHigh);
            Assert.True(Width(ahead) > TimeSpan.FromSeconds(5));
        }

        // Farther away is less sure; nearer is surer.
        Assert.True(Width(early.Ahead[1]) > Width(early.Ahead[0]));
        await world.DriveAsync(phone, line[((line.Length / 4) - 1)..(line.Length * 3 / 4)]);
        var late = (await watch.UntilAsync(r => r.Progress?.DrivenMeters > early.DrivenMeters + 200)).Progress;
        Assert.True(Width(late.Ahead[^1]) < Width(early.Ahead[^1]));

        static TimeSpan Width(WaypointAhead ahead) => ahead.EstimatedArrivalHigh.ToDateTimeOffset() - ahead.EstimatedArrivalLow.ToDateTimeOffset();
    }
}
