using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>
/// Between two places one drives about as far there as back, but where the map has it otherwise: never since a place was brought to a
/// one-way while a street of both directions is as near. Skipped where the map is absent.
/// </summary>
public class ThereAndBackTests(ITestOutputHelper output)
{
    private const int Pairs = 4_000;

    // As near as another: less than the width of a house or the error of an address.
    private const double TieMeters = 5;

    [Theory]
    [InlineData("monaco/monaco.osm.pbf")]
    [InlineData("porto/porto_portugal.osm.pbf")]
    public void What_is_far_longer_one_way_than_the_other_is_so_by_the_map(string map)
    {
        string? path = SharedData.Find(map);
        Assert.SkipWhen(path is null, "The map is not beside the repository.");
        RoadGraph graph = (map.StartsWith("porto", StringComparison.Ordinal) ? SharedData.Porto! : SharedData.Import(path)).Graph;
        var index = new RoadIndex(graph);
        var metric = RoadMetric.FreeFlow(graph);
        var router = new RoadNetworkRouter(index, new RoadRouter(RoadHierarchy.Build(graph), metric), new StraightLineRouter(8));
        var dijkstra = new Dijkstra(graph);
        var random = new Random(1);
        int uneven = 0, shorterFromAnother = 0, mended = 0, costlier = 0;
        for (int pair = 0; pair < Pairs; pair++)
        {
            int segment = random.Next(graph.SegmentCount);
            GeoPoint one = Earth.Destination(graph.PointOf(segment, random.Next(graph.PointCount(segment))), random.NextDouble() * 360, 30 * random.NextDouble());
            GeoPoint other = Earth.Destination(one, random.NextDouble() * 360, 100 + 1_400 * random.NextDouble());
            Route there = router.Through(RouteStart.Stop(one), [other]), back = router.Through(RouteStart.Stop(other), [one]);
            double longer = Math.Max(there.DistanceMeters, back.DistanceMeters), shorter = Math.Min(there.DistanceMeters, back.DistanceMeters);
            if (there.Source != RouteSource.Roads || back.Source != RouteSource.Roads || longer <= 2 * shorter || longer - shorter <= 300)
            {
                continue;
            }

            uneven++;
            (Route route, GeoPoint from, GeoPoint to) = there.DistanceMeters > back.DistanceMeters ? (there, one, other) : (back, other, one);
            (Ties starts, Ties goals) = (new Ties(index, from), new Ties(index, to));
            // The router finds the cheapest between its two roads, and among all that are as near there may be a cheaper one.
            RoadPath exact = dijkstra.FindPath(metric, starts.Snapped, goals.Snapped)!;
            costlier += starts.IsOffRoad || goals.IsOffRoad || Math.Abs(exact.Milliseconds - route.Duration.TotalMilliseconds) < 1 ? 0 : 1;
            RoadPath best = dijkstra.FindPath(metric, starts.All, goals.All)!;
            shorterFromAnother += LengthOf(graph, best) < 0.7 * LengthOf(graph, exact) ? 1 : 0;
            mended += starts.IsOneWayByChoice || goals.IsOneWayByChoice ? 1 : 0;
        }

        output.WriteLine(
            $"Of {Pairs} pairs {uneven} are more than twice and 300 m longer one way than the other; {shorterFromAnother} of these would be 30 % shorter from another road as near, which is a one-way, too, or leads elsewhere.");
        Assert.True(uneven > 20);
        Assert.Equal((0, 0), (costlier, mended));
    }

    private static double LengthOf(RoadGraph graph, RoadPath path) =>
        path.Edges.Sum(graph.LengthMeters) - path.Start.Fraction * graph.LengthMeters(path.Edges[0]) - (1 - path.End.Fraction) * graph.LengthMeters(path.Edges[^1]);

    /// <summary>Where a stop is, and all where it might be.</summary>
    private sealed class Ties
    {
        public Ties(RoadIndex index, GeoPoint point)
        {
            RoadGraph graph = index.Graph;
            Assert.True(index.TryNearest(point, null, RoadNetworkRouter.ReachMeters, out RoadCandidate snapped, mayStop: true));
            var around = new RoadCandidate[64];
            RoadCandidate[] streets =
            [
                .. around.Take(index.Nearest(point, snapped.DistanceMeters + TieMeters, around))
                    .Where(each => StopRoads.MayStopOn(graph.Segment(each.Position.Segment)) && graph.Segment(each.Position.Segment).Class != RoadClass.Trunk),
            ];
            double nearest = streets.Length > 0 ? streets.Min(each => each.DistanceMeters) : 0;
            streets = [.. streets.Where(each => each.DistanceMeters < nearest + TieMeters)];
            Snapped = [snapped.Position, .. BothWays(snapped.Position) ? [snapped.Position.Reversed] : Array.Empty<RoadPosition>()];
            All = [.. Snapped, .. streets.Select(each => each.Position)];
            IsOffRoad = snapped.DistanceMeters > RoadNetworkRouter.MostWalkedMeters;
            IsOneWayByChoice = !BothWays(snapped.Position) && Array.Exists(streets, each => BothWays(each.Position));

            bool BothWays(RoadPosition position) => graph.KmhOf(position.Edge ^ 1) > 0;
        }

        public RoadPosition[] Snapped { get; }

        public RoadPosition[] All { get; }

        public bool IsOffRoad { get; }

        public bool IsOneWayByChoice { get; }
    }
}
