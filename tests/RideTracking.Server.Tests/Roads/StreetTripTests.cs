using System.Globalization;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Engine.Geo;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Roads;

/// <summary>Trips over streets, by a driver's real stream.</summary>
public sealed class StreetTripTests
{
    private static readonly GeoPoint Start = StreetWorld.At(-900, -700), Pickup = StreetWorld.At(-300, 150), Dropoff = StreetWorld.At(1_100, 900);

    [Fact]
    public async Task An_estimate_goes_by_streets_and_tells_how_soon_a_driver_could_be_there()
    {
        await using var world = await StreetWorld.StartAsync();
        Assert.Null((await world.EstimateAsync(Pickup, Dropoff)).PickupEta);
        await using var phone = await world.DriverAsync("d1", Start);
        // Who has just come is shown, and counted, some seconds later.
        world.Time.Advance(TimeSpan.FromSeconds(5));
        var estimate = await world.EstimateAsync(Pickup, Dropoff);
        Assert.Equal(RouteSource.Roads, estimate.Route.Source);
        Assert.InRange(estimate.DistanceMeters, Earth.DistanceMeters(Pickup, Dropoff), 3 * Earth.DistanceMeters(Pickup, Dropoff));
        var leg = Assert.Single(estimate.Route.Legs);
        Assert.Equal(leg.Duration, estimate.Duration);
        Assert.NotEmpty(leg.Steps);
        Assert.Equal(leg.DistanceMeters, leg.Steps.Sum(s => s.DistanceMeters), 1.0);
        Assert.All(leg.Steps, step => Assert.NotEmpty(step.StreetName));
        // The driver's way there is the first leg of a trip that starts where it is, give or take the square it is shown in.
        var approach = await world.EstimateAsync(Start, Pickup);
        Assert.InRange(estimate.PickupEta.ToTimeSpan(), approach.Duration.ToTimeSpan() * 0.5, approach.Duration.ToTimeSpan() * 1.5);
    }

    [Fact]
    public async Task A_rider_and_a_driver_are_told_how_far_it_is_on_foot_to_a_stop_that_no_car_reaches()
    {
        await using var world = await StreetWorld.StartAsync();
        await using var phone = await world.DriverAsync("d1", Start);
        // The streets end some 1,600 m from the centre.
        GeoPoint meadow = StreetWorld.At(1_780, 150), park = StreetWorld.At(-300, -1_800);
        var estimate = await world.EstimateAsync(meadow, park);
        var line = EncodedPolyline.Decode(estimate.Route.EncodedPolyline);
        Assert.Equal(Earth.DistanceMeters(meadow, line[0]), estimate.PickupWalkMeters, 2.0);
        Assert.Equal(Earth.DistanceMeters(park, line[^1]), Assert.Single(estimate.Route.Legs).WalkMeters, 2.0);
        Assert.InRange(estimate.PickupWalkMeters, 100, 450);
        Assert.InRange(estimate.Route.Legs[0].WalkMeters, 100, 450);
        var atTheKerb = await world.EstimateAsync(line[0], line[^1]);
        Assert.Equal((0, 0), (atTheKerb.PickupWalkMeters, atTheKerb.Route.Legs[0].WalkMeters));

        var trip = await world.RequestAsync(meadow, park);
        var told = await StreetWorld.AcceptAsync(phone);
        double[] walks = [estimate.PickupWalkMeters, estimate.Route.Legs[0].WalkMeters];
        Assert.Equal(walks, told.Route.Legs.Select(l => l.WalkMeters));
        Assert.Equal(walks, (await world.GetAsync(trip.TripId)).Route.Legs.Select(l => l.WalkMeters));

        // Where the car stops the next leg begins, and nobody has left the way.
        var way = EncodedPolyline.Decode(told.Route.EncodedPolyline);
        var stop = Array.FindIndex(way, place => Earth.DistanceMeters(place, line[0]) < 2);
        await world.DriveAsync(phone, way[..(stop + 1)]);
        await world.StandAsync(phone, TimeSpan.FromSeconds(20), _ => way[stop]);
        using var watch = new WatchedTrip(world.Riders.WatchTrip(new WatchTripRequest { TripId = trip.TripId }, world.Service, cancellationToken: TestContext.Current.CancellationToken));
        var progress = (await watch.UntilAsync(r => r.Progress?.Ahead.Count == 1)).Progress;
        Assert.Equal((trip.Waypoints[1].WaypointId, false), (progress.Ahead[0].WaypointId, progress.IsOffRoute));
    }

    // On another node the new way may come before the fixes that have left the old one: the rider need not see those.
    [Fact, Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    public async Task The_car_moves_along_its_way_and_never_back_however_the_fixes_scatter()
    {
        await using var world = await StreetWorld.StartAsync();
        await using var phone = await world.DriverAsync("d1", Start);
        var trip = await world.RequestAsync(Pickup, Dropoff);
        var told = await StreetWorld.AcceptAsync(phone);
        var line = EncodedPolyline.Decode(told.Route.EncodedPolyline);
        using var watch = new WatchedTrip(world.Riders.WatchTrip(new WatchTripRequest { TripId = trip.TripId }, world.Service, cancellationToken: TestContext.Current.CancellationToken));
        await watch.UntilStateAsync(TripState.Assigned);

        // Up to 15 m off in any direction, at half the pace of the scatter: every third fix is behind the one before.
        var random = new Random(4);
        await world.DriveAsync(phone, line[..(line.Length / 2)], place => Earth.Destination(place, random.NextDouble() * 360, 15 * random.NextDouble()));
        await watch.UntilAsync(r => r.Progress?.DrivenMeters > 300);
        var along = watch.Seen.Where(r => r.Position is { IsOnRoute: true }).Select(r => r.Position).ToList();
        Assert.True(along.Count > 2);
        var drawn = along.Select(p => AlongLine(line, new GeoPoint(p.Location.Latitude, p.Location.Longitude))).ToList();
        // Five digits of a degree and metres as floats round by less than a metre.
        Assert.All(drawn, place => Assert.True(place.Off < 1.5));
        Assert.All(drawn.Zip(drawn.Skip(1)), pair => Assert.True(pair.Second.Along >= pair.First.Along - 1.5));

        // Off the way the fix is shown as it is: two streets further north.
        world.Time.Advance(TimeSpan.FromSeconds(20));
        var away = Enumerable.Range(0, 20).Select(i => Earth.Destination(line[line.Length / 2], 0, 400 + (10 * i))).ToList();
        await world.DriveAsync(phone, away);
        var off = (await watch.UntilAsync(r => r.Position is { IsOnRoute: false } p && r.Progress is not { IsOffRoute: false }
            && Earth.DistanceMeters(away[0], new GeoPoint(p.Location.Latitude, p.Location.Longitude)) < 300)).Position;
        Assert.Contains(away, place => Earth.DistanceMeters(place, new GeoPoint(off.Location.Latitude, off.Location.Longitude)) < 15);
    }

    [Fact]
    public async Task A_rider_sees_how_far_the_car_has_got_and_the_trip_keeps_what_was_driven()
    {
        await using var world = await StreetWorld.StartAsync();
        await using var phone = await world.DriverAsync("d1", Start);
        var trip = await world.RequestAsync(Pickup, Dropoff);
        var told = await StreetWorld.AcceptAsync(phone);
        Assert.Equal((RouteSource.Roads, 2), (told.Route.Source, told.Route.Legs.Count));
        using var watch = new WatchedTrip(world.Riders.WatchTrip(new WatchTripRequest { TripId = trip.TripId }, world.Service, cancellationToken: TestContext.Current.CancellationToken));
        var line = EncodedPolyline.Decode(told.Route.EncodedPolyline);

        await world.DriveAsync(phone, line[..(line.Length / 3)]);
        var early = (await watch.UntilAsync(r => r.Progress?.DrivenMeters > 100)).Progress;
        Assert.Equal((told.Route.Version, false), (early.RouteVersion, early.IsOffRoute));
        Assert.Equal(trip.Waypoints.Select(w => w.WaypointId), early.Ahead.Select(w => w.WaypointId));
        Assert.Equal(told.Route.Legs.Sum(l => l.DistanceMeters), early.DrivenMeters + early.Ahead[1].DistanceMeters, 1.0);
        Assert.True(early.Ahead[0].EstimatedArrival.ToDateTime() < early.Ahead[1].EstimatedArrival.ToDateTime());

        await StreetWorld.StepAsync(phone, trip.Waypoints[0], WaypointStep.Arrived);
        await StreetWorld.StepAsync(phone, trip.Waypoints[0], WaypointStep.Done);
        var ride = await StreetWorld.NextRouteAsync(phone);
        Assert.Equal(RouteChangeReason.WaypointDone, ride.Reason);
        var rideLine = EncodedPolyline.Decode(ride.Route.EncodedPolyline);
        await world.DriveAsync(phone, rideLine);
        var late = (await watch.UntilAsync(r => r.Progress is { } p && p.RouteVersion == ride.Route.Version && p.Ahead.All(w => w.DistanceMeters < 50))).Progress;
        Assert.False(late.IsOffRoute);
        await StreetWorld.StepAsync(phone, trip.Waypoints[1], WaypointStep.Arrived);
        await StreetWorld.StepAsync(phone, trip.Waypoints[1], WaypointStep.Done);

        var driven = await world.DrivenAsync(trip.TripId);
        var meters = rideLine.Zip(rideLine.Skip(1), Earth.DistanceMeters).Sum();
        Assert.Equal(RouteSource.Roads, driven.Source);
        Assert.InRange(driven.DistanceMeters, meters * 0.97, meters * 1.03);
        Assert.InRange(driven.BridgedMeters, 0, 1);
        Assert.InRange(EncodedPolyline.Decode(driven.EncodedPolyline).Length, 2, 1000);
    }

    // The time of a wait is driven in batches: each must be heard before the clock goes on.
    [Theory, Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_car_that_waits_on_its_way_drives_no_metre_and_gets_no_other_way(bool drifts)
    {
        await using var world = await StreetWorld.StartAsync();
        await using var phone = await world.DriverAsync("d1", Start);
        var trip = await world.RequestAsync(Pickup, Dropoff);
        await StreetWorld.AcceptAsync(phone);
        await StreetWorld.StepAsync(phone, trip.Waypoints[0], WaypointStep.Arrived);
        await StreetWorld.StepAsync(phone, trip.Waypoints[0], WaypointStep.Done);
        var ride = EncodedPolyline.Decode((await StreetWorld.NextRouteAsync(phone)).Route.EncodedPolyline);
        var half = ride.Length / 2;
        await world.DriveAsync(phone, ride[..(half + 1)]);

        var random = new Random(7);
        var (east, north) = (0.0, 0.0);
        await world.StandAsync(phone, TimeSpan.FromHours(1), i => drifts ? Drifted() : Earth.Destination(ride[half], i % 2 == 0 ? 45 : 225, 15));
        await world.DriveAsync(phone, ride[half..]);

        await StreetWorld.StepAsync(phone, trip.Waypoints[1], WaypointStep.Arrived);
        await StreetWorld.StepAsync(phone, trip.Waypoints[1], WaypointStep.Done);
        // The wait itself is told once, when it is over.
        Assert.InRange(phone.Passed.Count(c => c.RouteChanged is { Reason: not RouteChangeReason.WaypointDone }), 0, 1);
        Assert.DoesNotContain(phone.Passed, c => c.RouteChanged is { Reason: RouteChangeReason.OffRoute });
        var meters = ride.Zip(ride.Skip(1), Earth.DistanceMeters).Sum();
        Assert.InRange((await world.DrivenAsync(trip.TripId)).DistanceMeters, meters * 0.97, meters * 1.03);

        // 15 m to each side, forgotten in five minutes.
        GeoPoint Drifted()
        {
            var kept = Math.Exp(-4 / 300.0);
            (east, north) = (east * kept + Step(), north * kept + Step());
            return Earth.Destination(Earth.Destination(ride[half], 90, east), 0, north);

            double Step() => 15 * Math.Sqrt(3 * (1 - kept * kept)) * (2 * random.NextDouble() - 1);
        }
    }

    [Fact]
    public async Task What_was_driven_before_a_restart_is_part_of_what_was_driven()
    {
        await using var redis = await RedisProcess.StartAsync();
        GeoPoint[] line;
        Trip trip;
        DateTimeOffset stopped;
        await using (var world = await StreetWorld.StartAsync(redis))
        {
            await using var phone = await world.DriverAsync("d1", Start);
            trip = await world.RequestAsync(Pickup, Dropoff);
            await StreetWorld.AcceptAsync(phone);
            await StreetWorld.StepAsync(phone, trip.Waypoints[0], WaypointStep.Arrived);
            await StreetWorld.StepAsync(phone, trip.Waypoints[0], WaypointStep.Done);
            line = EncodedPolyline.Decode((await world.EstimateAsync(Start, Dropoff)).Route.EncodedPolyline);
            await world.DriveAsync(phone, line[..(line.Length / 2)]);
            stopped = world.Time.GetUtcNow();
        }

        await using var again = await StreetWorld.StartAsync(redis, startAt: stopped);
        await using var back = await DriverPhone.ConnectAsync(again.Host, "d1", "s2");
        await again.DriveAsync(back, line[(line.Length / 2 - 1)..]);
        await StreetWorld.StepAsync(back, trip.Waypoints[1], WaypointStep.Arrived);
        await StreetWorld.StepAsync(back, trip.Waypoints[1], WaypointStep.Done);
        var driven = await again.DrivenAsync(trip.TripId);
        var meters = line.Zip(line.Skip(1), Earth.DistanceMeters).Sum();
        Assert.InRange(driven.DistanceMeters, meters * 0.95, meters * 1.05);
    }

    [Fact]
    public async Task A_driver_who_leaves_the_route_gets_another_from_where_it_is()
    {
        await using var world = await StreetWorld.StartAsync();
        await using var phone = await world.DriverAsync("d1", Start);
        var trip = await world.RequestAsync(Pickup, Dropoff);
        var told = await StreetWorld.AcceptAsync(phone);
        await world.DriveAsync(phone, EncodedPolyline.Decode(told.Route.EncodedPolyline)[..2]);
        // Another way altogether: as if to a place on the far side of the city.
        var away = EncodedPolyline.Decode((await world.EstimateAsync(Start, StreetWorld.At(700, -1_300))).Route.EncodedPolyline);
        await world.DriveAsync(phone, away);
        var again = await StreetWorld.NextRouteAsync(phone);
        Assert.Equal((RouteChangeReason.OffRoute, RouteSource.Roads), (again.Reason, again.Route.Source));
        Assert.True(again.RoutePlanVersion > told.RoutePlanVersion);
        Assert.NotEqual(told.Route.EncodedPolyline, again.Route.EncodedPolyline);
        Assert.True((await world.GetAsync(trip.TripId)).Route.Version >= again.Route.Version);
    }

    [Fact]
    public async Task Drivers_are_ranked_by_driving_time_when_asked()
    {
        await using var world = await StreetWorld.StartAsync();
        await using var one = await world.DriverAsync("d1", Start);
        var found = (await world.Dispatch.SearchDriversAsync(
            new SearchDriversRequest { Center = StreetWorld.Wire(Pickup), RadiusMeters = 5_000, Rank = SearchRank.Eta },
            world.Service, cancellationToken: TestContext.Current.CancellationToken)).Drivers;
        var approach = await world.EstimateAsync(Start, Pickup);
        Assert.InRange(Assert.Single(found).Eta.ToTimeSpan(), approach.Duration.ToTimeSpan() * 0.8, approach.Duration.ToTimeSpan() * 1.2);
    }

    [Fact]
    public async Task Whom_no_way_leads_from_is_left_out_of_a_ranking_by_time_and_counted()
    {
        await using var world = await StreetWorld.StartAsync();
        await using var one = await world.DriverAsync("d1", Start);
        var search = new SearchDriversRequest { Center = StreetWorld.Wire(Pickup), RadiusMeters = 5_000, Rank = SearchRank.Eta };
        Assert.Empty((await SearchAsync()).LeftOut);

        // Every street around the driver, also those that are looked at when the nearest is closed.
        var closures = new SetRoadClosuresRequest();
        for (var (east, number) = (-350, 0); east <= 350; east += 25)
        {
            for (var north = -350; north <= 350; north += 25, number++)
            {
                var at = Earth.Destination(Earth.Destination(Start, 90, east), 0, north);
                closures.Closures.Add(new RoadClosure { ClosureId = $"c{number}", Path = { StreetWorld.Wire(at) } });
            }
        }

        // Places within a block are no street.
        var refused = await Assert.ThrowsAsync<RpcException>(SetAsync);
        foreach (var field in refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field).Reverse())
        {
            closures.Closures.RemoveAt(int.Parse(field.Split('[', ']')[1], CultureInfo.InvariantCulture));
        }

        await SetAsync();
        var found = await SearchAsync();
        Assert.Empty(found.Drivers);
        Assert.Equal(new LeftOutDrivers { Reason = LeftOutReason.NoWay, Count = 1 }, Assert.Single(found.LeftOut));

        async Task SetAsync() =>
            await world.Dispatch.SetRoadClosuresAsync(closures, world.Service, cancellationToken: TestContext.Current.CancellationToken);

        async Task<SearchDriversResponse> SearchAsync() =>
            await world.Dispatch.SearchDriversAsync(search, world.Service, cancellationToken: TestContext.Current.CancellationToken);
    }

    // How far along a line the nearest place of it is, and how far off.
    private static (double Along, double Off) AlongLine(GeoPoint[] line, GeoPoint place)
    {
        var (best, along) = ((Along: 0.0, Off: double.PositiveInfinity), 0.0);
        for (var i = 1; i < line.Length; i++)
        {
            var length = Earth.DistanceMeters(line[i - 1], line[i]);
            var course = Earth.BearingDegrees(line[i - 1], line[i]);
            for (var step = 0.0; step <= length; step += 0.5)
            {
                var off = Earth.DistanceMeters(place, Earth.Destination(line[i - 1], course, step));
                best = off < best.Off ? (along + step, off) : best;
            }

            along += length;
        }

        return best;
    }
}
