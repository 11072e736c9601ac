using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>From places to routes with streets, in a made-up town.</summary>
public class RoadNetworkRouterTests
{
    private static readonly GeoPoint Center = new(41.15, -8.61);

    private static readonly RoadGraph Town = StreetGrid.Build(
        new StreetGridPlan { Center = Center, WidthMeters = 3_000, HeightMeters = 3_000 });

    private static readonly RoadIndex Index = new(Town);
    private static readonly RoadRouter Roads = new(RoadHierarchy.Build(Town), RoadMetric.FreeFlow(Town));
    private static readonly StraightLineRouter Straight = new(10);
    private static readonly RoadNetworkRouter Router = new(Index, Roads, Straight);

    [Fact]
    public void A_route_begins_and_ends_on_the_road_beside_its_points_and_its_numbers_add_up()
    {
        var random = new Random(1);
        for (int i = 0; i < 100; i++)
        {
            GeoPoint start = Somewhere(random), middle = Somewhere(random), end = Somewhere(random);

            Route route = Router.Through(RouteStart.Car(start), [middle, end]);

            Assert.Equal((RouteSource.Roads, 2), (route.Source, route.Legs.Length));
            GeoPoint[] line = EncodedPolyline.Decode(route.EncodedPolyline);
            Assert.True(Earth.DistanceMeters(line[0], OnRoad(start, mayStop: false)) < 2);
            Assert.True(Earth.DistanceMeters(line[^1], OnRoad(end, mayStop: true)) < 2);
            double meters = 0;
            for (int point = 1; point < line.Length; point++)
            {
                meters += Earth.DistanceMeters(line[point - 1], line[point]);
            }

            // Each point of the line is rounded to a metre.
            Assert.Equal(meters, route.Legs.Sum(leg => leg.DistanceMeters), 2 + 0.02 * meters);
            foreach (RouteLeg leg in route.Legs)
            {
                Assert.Equal(leg.DistanceMeters, leg.Steps.Sum(step => step.DistanceMeters), 0.001);
                Assert.Equal(leg.Duration, TimeSpan.FromTicks(leg.Steps.Sum(step => step.Duration.Ticks)));
                Assert.All(leg.Steps.Zip(leg.Steps.Skip(1)), pair => Assert.NotEqual(pair.First.StreetName, pair.Second.StreetName));
            }
        }
    }

    [Fact]
    public void In_a_quarter_that_is_closed_as_a_whole_one_stops_at_its_border()
    {
        int[] closed = [.. Enumerable.Range(0, Town.EdgeCount).Where(edge =>
            Earth.DistanceMeters(Center, Town.JunctionAt(Town.TailOf(edge))) < 190 || Earth.DistanceMeters(Center, Town.JunctionAt(Town.HeadOf(edge))) < 190)];
        Assert.True(closed.Length > 20, $"{closed.Length} edges");
        var roads = new RoadRouter(RoadHierarchy.Build(Town), RoadMetric.FreeFlow(Town).With(Town, closed.Select(RoadChange.Closed)));
        var router = new RoadNetworkRouter(Index, roads, Straight);
        GeoPoint outside = Earth.Destination(Center, 45, 1_000);

        Assert.Equal(RouteSource.Roads, router.Through(RouteStart.Car(outside), [Center]).Source);
        Assert.Equal(RouteSource.Roads, router.Through(RouteStart.Car(Center), [outside]).Source);
        var seconds = new double[2];
        router.Times([RouteStart.Car(Center)], [outside], seconds.AsSpan(0, 1));
        router.Times([RouteStart.Car(outside)], [Center], seconds.AsSpan(1, 1));
        Assert.All(seconds, each => Assert.InRange(each, 30, 600));
    }

    [Fact]
    public void Who_is_shut_in_drives_out_over_closed_streets_and_a_closed_goal_moves_nobody_else()
    {
        int[] closed = [.. Enumerable.Range(0, Town.EdgeCount).Where(edge =>
            Earth.DistanceMeters(Center, Town.JunctionAt(Town.TailOf(edge))) < 190 || Earth.DistanceMeters(Center, Town.JunctionAt(Town.HeadOf(edge))) < 190)];
        var roads = new RoadRouter(Roads.Hierarchy, RoadMetric.FreeFlow(Town).With(Town, closed.Select(RoadChange.Closed)));
        var router = new RoadNetworkRouter(Index, roads, Straight);
        GeoPoint outside = OnRoad(Earth.Destination(Center, 45, 1_000), mayStop: true), inside = OnRoad(Center, mayStop: true);

        Route from = router.Through(RouteStart.Car(inside), [outside]), to = router.Through(RouteStart.Car(outside), [inside]);

        Assert.True(Earth.DistanceMeters(EncodedPolyline.Decode(from.EncodedPolyline)[0], inside) < 2);
        Assert.True(Earth.DistanceMeters(EncodedPolyline.Decode(to.EncodedPolyline)[0], outside) < 2);
        double walk = Earth.DistanceMeters(inside, EncodedPolyline.Decode(to.EncodedPolyline)[^1]);
        Assert.InRange(walk, 100, 300);
        Assert.Equal((0, walk), (from.Legs[0].WalkMeters, to.Legs[0].WalkMeters), (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 2);
        foreach (Route route in (ReadOnlySpan<Route>)[from, to])
        {
            Assert.Equal(route.Legs[0].Duration, TimeSpan.FromTicks(route.Legs[0].Steps.Sum(step => step.Duration.Ticks)));
            Assert.Equal(LengthOf(route), route.DistanceMeters, 2 + 0.02 * route.DistanceMeters);
        }

        // A pick-up there is where a car comes to, and not inside.
        Route pickedUp = router.Through(RouteStart.Stop(inside), [outside]);
        Assert.InRange(pickedUp.StartWalkMeters, 100, 300);
        Assert.Equal(pickedUp.StartWalkMeters, Earth.DistanceMeters(inside, EncodedPolyline.Decode(pickedUp.EncodedPolyline)[0]), 1.0);

        var seconds = new double[4];
        router.Times([RouteStart.Car(inside), RouteStart.Car(outside)], [outside, inside], seconds);
        Assert.Equal(from.Duration.TotalSeconds, seconds[0], 0.001);
        Assert.Equal(to.Duration.TotalSeconds, seconds[3], 0.001);
    }

    [Fact]
    public void A_stop_off_the_roads_is_walked_to_and_the_walk_is_told_where_it_is_not_short()
    {
        GeoPoint town = OnRoad(Center, mayStop: true);
        foreach ((double meters, bool isTold) in (ReadOnlySpan<(double, bool)>)[(30, false), (45, false), (60, true), (120, true), (450, true)])
        {
            (GeoPoint stop, GeoPoint road) = BesideTown(meters);
            double walk = isTold ? Earth.DistanceMeters(stop, road) : 0;

            Route route = Router.Through(RouteStart.Car(town), [stop]), back = Router.Through(RouteStart.Stop(stop), [town]);

            Assert.True(Earth.DistanceMeters(EncodedPolyline.Decode(route.EncodedPolyline)[^1], road) < 2);
            Assert.True(Earth.DistanceMeters(EncodedPolyline.Decode(back.EncodedPolyline)[0], road) < 2);
            Assert.Equal(walk, route.Legs[0].WalkMeters, 1.0);
            Assert.Equal((walk, 0), (back.StartWalkMeters, back.Legs[0].WalkMeters), (a, b) => Math.Abs(a.Item1 - b.Item1) < 1 && a.Item2 == b.Item2);
            Assert.Equal(route.DistanceMeters, Router.Through(RouteStart.Car(town), [road]).DistanceMeters, 1.0);
        }
    }

    [Fact]
    public void Times_are_those_of_the_routes()
    {
        var random = new Random(2);
        GeoPoint[] from = [.. Enumerable.Range(0, 15).Select(_ => Somewhere(random))];
        GeoPoint[] to = [.. Enumerable.Range(0, 12).Select(_ => Somewhere(random)), Earth.Destination(Center, 90, 2_500), new GeoPoint(40, -8)];
        var seconds = new double[from.Length * to.Length];

        Router.Times(Array.ConvertAll(from, f => RouteStart.Car(f)), to, seconds);

        for (int i = 0; i < seconds.Length; i++)
        {
            Route route = Router.Through(RouteStart.Car(from[i / to.Length]), [to[i % to.Length]]);
            Assert.Equal(route.Legs[0].Duration.TotalSeconds, seconds[i], 1e-6);
        }
    }

    [Fact]
    public void A_car_that_drives_goes_on_the_way_it_is_heading()
    {
        int edge = Enumerable.Range(0, Town.EdgeCount).First(
            each => Town.KmhOf(each) > 0 && Town.KmhOf(each ^ 1) > 0 && Town.LengthMeters(each) > 80 && Town.PointCount(each >> 1) == 2);
        GeoPoint tail = Town.JunctionAt(Town.TailOf(edge)), head = Town.JunctionAt(Town.HeadOf(edge));
        double course = Earth.BearingDegrees(tail, head);
        GeoPoint start = Earth.Destination(tail, course, 40), behind = Earth.Destination(tail, course, 10);

        Route standing = Router.Through(RouteStart.Car(start), [behind]), driving = Router.Through(RouteStart.Car(start, course), [behind]);

        Assert.Equal(30, standing.Legs[0].DistanceMeters, 2.0);
        Assert.True(driving.Legs[0].DistanceMeters > 60, $"{driving.Legs[0].DistanceMeters} m");
    }

    [Fact]
    public void A_place_off_the_roads_is_reached_straight_from_the_nearest()
    {
        GeoPoint away = Earth.Destination(Center, 90, 2_500);
        GeoPoint road = OnRoad(away, mayStop: true);
        double meters = Earth.DistanceMeters(road, away);
        Assert.InRange(meters, RoadNetworkRouter.MostWalkedMeters, RoadNetworkRouter.ReachMeters);

        RouteLeg there = Router.Through(RouteStart.Car(Center), [away]).Legs[0], to = Router.Through(RouteStart.Car(Center), [road]).Legs[0];

        Assert.Equal(to.DistanceMeters + meters, there.DistanceMeters, 1.0);
        Assert.Equal(to.Duration.TotalSeconds + meters / 10, there.Duration.TotalSeconds, 0.5);
        Assert.Equal(there.DistanceMeters - meters, there.Steps.Sum(step => step.DistanceMeters), 1.0);
    }

    [Fact]
    public void Where_no_road_is_in_reach_the_route_is_a_straight_line_and_says_so()
    {
        var far = new GeoPoint(40, -8);
        Assert.Equivalent(Straight.Through(RouteStart.Car(Center), [far]), Router.Through(RouteStart.Car(Center), [far]), strict: true);
        Assert.Equal(RouteSource.StraightLine, Router.Through(RouteStart.Car(far, 90), [Center]).Source);
    }

    [Fact]
    public void A_place_on_a_closed_street_is_reached_by_another_nearby()
    {
        var roads = new RoadRouter(Roads.Hierarchy, RoadMetric.FreeFlow(Town));
        var router = new RoadNetworkRouter(Index, roads, Straight);
        var random = new Random(3);
        GeoPoint from = Somewhere(random), to = Somewhere(random);
        Assert.True(Index.TryNearest(to, null, 1_000, out RoadCandidate nearest, mayStop: true));
        int edge = nearest.Position.Edge;
        Route before = router.Through(RouteStart.Car(from), [to]);

        roads.Use(roads.Current.Metric.With(Town, [RoadChange.Closed(edge), RoadChange.Closed(edge ^ 1)]));
        Route after = router.Through(RouteStart.Car(from), [to]);

        Assert.Equal(RouteSource.Roads, after.Source);
        Assert.NotEqual(before.EncodedPolyline, after.EncodedPolyline);
        var seconds = new double[2];
        router.Times([RouteStart.Car(from)], [to, Center], seconds);
        Assert.All(seconds, time => Assert.True(double.IsFinite(time)));
        Assert.InRange(seconds[0], after.Legs[0].Duration.TotalSeconds, after.Legs[0].Duration.TotalSeconds + 120);
    }

    /// <summary>A place so far east of the town, and that on the road nearest to it.</summary>
    private static (GeoPoint Place, GeoPoint Road) BesideTown(double meters)
    {
        GeoPoint road = OnRoad(Earth.Destination(Center, 90, 2_500), mayStop: true);
        GeoPoint place = Earth.Destination(road, 90, meters);
        return (place, OnRoad(place, mayStop: true));
    }

    private static double LengthOf(Route route)
    {
        GeoPoint[] line = EncodedPolyline.Decode(route.EncodedPolyline);
        return line.Zip(line.Skip(1), Earth.DistanceMeters).Sum();
    }

    /// <summary>A place beside a street.</summary>
    private static GeoPoint Somewhere(Random random)
    {
        while (true)
        {
            GeoPoint point = Earth.Destination(Center, random.NextDouble() * 360, random.NextDouble() * 1_300);
            if (Index.TryNearest(point, null, RoadNetworkRouter.BesideRoadMeters, out _, mayStop: true))
            {
                return point;
            }
        }
    }

    private static GeoPoint OnRoad(GeoPoint point, bool mayStop)
    {
        Assert.True(Index.TryNearest(point, null, RoadNetworkRouter.ReachMeters, out RoadCandidate nearest, mayStop));
        return nearest.Point;
    }
}
