using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>Routes and tables against Dijkstra's algorithm, to the millisecond.</summary>
public class RoadRouterTests(ITestOutputHelper output)
{
    private static readonly StreetGridPlan Town = new() { Center = new GeoPoint(41.15, -8.61), WidthMeters = 3_000, HeightMeters = 3_000 };

    [Fact]
    public void Preparing_tells_how_far_it_is()
    {
        var told = new System.Collections.Concurrent.ConcurrentQueue<double>();
        RoadHierarchy.Build(StreetGrid.Build(new StreetGridPlan { Center = Places.Porto }), new Told(told));
        Assert.All(told, each => Assert.InRange(each, 0, 1));
        Assert.True(told.Count > 100);
        Assert.Equal(1, told.Last());
        // No long silence before the end of the order, and no end before the end.
        Assert.InRange(told.SkipLast(2).Max(), 0.5, 0.75);
    }

    [Fact]
    public void On_random_networks_every_route_costs_what_the_plain_search_finds_and_may_be_driven()
    {
        int found = 0, none = 0, onOneEdge = 0, roundAbout = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var roads = new RandomRoads(random);
            int junctions = random.Next(1, 60);
            RoadGraph graph = roads.Build(junctions, random.Next(1, 4 * junctions), random.Next(10));
            RoadMetric metric = roads.Metric(graph);
            var router = new RoadRouter(RoadHierarchy.Build(graph), metric);
            var dijkstra = new Dijkstra(graph);
            for (int pair = 0; pair < 60; pair++)
            {
                RoadPosition[] from = roads.Place(graph), to = roads.Place(graph, from);
                RoadPath? path = Same(router, dijkstra, metric, from, to, seed);
                (found, none) = path is null ? (found, none + 1) : (found + 1, none);
                onOneEdge += path?.Edges.Length == 1 ? 1 : 0;
                roundAbout += path is { Edges.Length: > 1 } && path.Edges[0] == path.Edges[^1] ? 1 : 0;
            }
        }

        output.WriteLine($"{found} routes, {none} without one, {onOneEdge} on one edge, {roundAbout} back to the edge they began on.");
        Assert.True(found > 1_000 && none > 400 && onOneEdge > 50 && roundAbout > 50, "The networks leave something untried.");
    }

    [Fact]
    public void In_a_town_every_route_costs_what_the_plain_search_finds()
    {
        RoadGraph graph = StreetGrid.Build(Town);
        var roads = new RandomRoads(new Random(4));
        var hierarchy = RoadHierarchy.Build(graph);
        foreach (RoadMetric metric in new[] { RoadMetric.FreeFlow(graph), roads.Metric(graph), roads.Metric(graph) })
        {
            var router = new RoadRouter(hierarchy, metric);
            var dijkstra = new Dijkstra(graph);
            for (int pair = 0; pair < 200; pair++)
            {
                RoadPosition[] from = roads.Place(graph);
                Same(router, dijkstra, metric, from, roads.Place(graph, from), 4);
            }
        }
    }

    [Fact]
    public void In_Porto_every_route_costs_what_the_plain_search_finds()
    {
        RoadGraph? graph = SharedData.Porto?.Graph;
        Assert.SkipWhen(graph is null, "The map of Porto is not beside the repository.");
        var hierarchy = RoadHierarchy.Build(graph);
        var roads = new RandomRoads(new Random(5));
        var dijkstra = new Dijkstra(graph);
        int found = 0;
        foreach (RoadMetric metric in new[] { RoadMetric.FreeFlow(graph), roads.Metric(graph) })
        {
            var router = new RoadRouter(hierarchy, metric);
            for (int pair = 0; pair < 25; pair++)
            {
                RoadPosition[] from = roads.Place(graph);
                found += Same(router, dijkstra, metric, from, roads.Place(graph, from), 5) is null ? 0 : 1;
            }
        }

        Assert.True(found > 40, $"Only {found} of 50 pairs have a way.");
    }

    [Fact]
    public void A_table_holds_what_single_searches_find()
    {
        int reached = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var roads = new RandomRoads(random);
            int junctions = random.Next(1, 60);
            RoadGraph graph = roads.Build(junctions, random.Next(1, 4 * junctions), random.Next(10));
            reached += SameTable(roads, graph, random.Next(1, 40), random.Next(1, 40), seed);
        }

        reached += SameTable(new RandomRoads(new Random(6)), StreetGrid.Build(Town), 60, 50, 6);
        Assert.True(reached > 5_000, $"Only {reached} pairs have a way.");
    }

    [Fact]
    public void Who_stands_on_a_closed_street_may_drive_off_and_nobody_is_led_onto_it()
    {
        RoadGraph graph = StreetGrid.Build(Town);
        int edge = Enumerable.Range(0, graph.EdgeCount).First(
            each => graph.KmhOf(each) > 0 && graph.KmhOf(each ^ 1) > 0 && graph.TurnsFrom(each).Length > 1);
        RoadPosition there = new(edge, 0.5);
        RoadPosition elsewhere = new(graph.TurnsFrom(edge)[0], 0.5);
        var router = new RoadRouter(RoadHierarchy.Build(graph), RoadMetric.FreeFlow(graph));
        RoadPath before = router.FindPath([there], [elsewhere])!;

        router.Use(RoadMetric.FreeFlow(graph).With(graph, [RoadChange.Closed(edge)]));

        Assert.Equal(before.Milliseconds, router.FindPath([there], [elsewhere])!.Milliseconds);
        Assert.NotNull(router.FindPath([there], [there with { Fraction = 0.75 }]));
        Assert.Null(router.FindPath([there], [there with { Fraction = 0.25 }]));
        Assert.Null(router.FindPath([elsewhere], [there]));
        Assert.Equal(RoadMetric.Unreachable, router.FindMilliseconds([elsewhere], [there]));
    }

    [Fact]
    public void The_order_of_a_network_does_not_depend_on_chance()
    {
        RoadGraph graph = StreetGrid.Build(Town);
        Assert.Equal(Written(RoadHierarchy.Build(graph)), Written(RoadHierarchy.Build(graph)));
    }

    [Fact]
    public void A_hierarchy_read_back_answers_the_same()
    {
        RoadGraph graph = StreetGrid.Build(Town);
        var built = RoadHierarchy.Build(graph);

        var read = RoadHierarchy.Read(new MemoryStream(Written(built)), graph);

        Assert.Equal((built.StateCount, built.ArcCount), (read.StateCount, read.ArcCount));
        var roads = new RandomRoads(new Random(7));
        RoadMetric metric = roads.Metric(graph);
        RoadRouter one = new(built, metric), other = new(read, metric);
        for (int pair = 0; pair < 100; pair++)
        {
            RoadPosition[] from = roads.Place(graph), to = roads.Place(graph);
            Assert.Equal(one.FindMilliseconds(from, to), other.FindMilliseconds(from, to));
        }
    }

    [Fact]
    public void A_hierarchy_that_is_damaged_or_of_another_graph_is_refused()
    {
        RoadGraph graph = StreetGrid.Build(Town);
        byte[] written = Written(RoadHierarchy.Build(graph));
        var random = new Random(8);
        for (int i = 0; i < 50; i++)
        {
            byte[] damaged = [.. written];
            damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            Assert.Throws<InvalidDataException>(() => RoadHierarchy.Read(new MemoryStream(damaged), graph));
            Assert.Throws<InvalidDataException>(
                () => RoadHierarchy.Read(new MemoryStream(written, 0, random.Next(written.Length)), graph));
        }

        RoadGraph other = StreetGrid.Build(Town with { Seed = 2, WidthMeters = 2_000 });
        Assert.Throws<InvalidDataException>(() => RoadHierarchy.Read(new MemoryStream(written), other));
    }

    private RoadPath? Same(
        RoadRouter router, Dijkstra dijkstra, RoadMetric metric, RoadPosition[] from, RoadPosition[] to, int seed)
    {
        long expected = dijkstra.FindMilliseconds(metric, from, to);
        RoadPath? path = router.FindPath(from, to);
        string pair = $"seed {seed}: {string.Join(' ', from)} -> {string.Join(' ', to)}";
        long told = path?.Milliseconds ?? RoadMetric.Unreachable;
        if (told != expected || router.FindMilliseconds(from, to) != expected)
        {
            output.WriteLine(pair);
        }

        Assert.Equal(expected, told);
        Assert.Equal(expected, router.FindMilliseconds(from, to));
        if (path is not null)
        {
            Assert.Contains(path.Start, from);
            Assert.Contains(path.End, to);
            Assert.True(PathCheck.Cost(router.Graph, metric, path) == expected, pair);
            // So may the path of the plain search be driven, at that cost.
            Assert.Equal(expected, to.Min(each => dijkstra.PathTo(each) is { } plain ? PathCheck.Cost(router.Graph, metric, plain) : long.MaxValue));
        }

        return path;
    }

    private static int SameTable(RandomRoads roads, RoadGraph graph, int rows, int columns, int seed)
    {
        RoadMetric metric = roads.Metric(graph);
        var router = new RoadRouter(RoadHierarchy.Build(graph), metric);
        RoadPosition[][] from = [.. Enumerable.Range(0, rows).Select(_ => roads.Place(graph))];
        RoadPosition[][] to = [.. Enumerable.Range(0, columns).Select(i => roads.Place(graph, from[i % rows]))];
        var table = new int[rows * columns];
        int reached = 0;
        for (int round = 0; round < 2; round++) // the second finds what the first left behind
        {
            router.Table(from, to, table);
            for (int i = 0; i < table.Length; i++)
            {
                long single = router.FindMilliseconds(from[i / columns], to[i % columns]);
                Assert.True(table[i] == single, $"seed {seed}, row {i / columns}, column {i % columns}: {table[i]}, alone {single}");
                reached += single < RoadMetric.Unreachable ? 1 : 0;
            }
        }

        return reached;
    }

    private static byte[] Written(RoadHierarchy hierarchy)
    {
        var stream = new MemoryStream();
        hierarchy.Write(stream);
        return stream.ToArray();
    }

    private sealed class Told(System.Collections.Concurrent.ConcurrentQueue<double> queue) : IProgress<double>
    {
        public void Report(double value) => queue.Enqueue(value);
    }
}
