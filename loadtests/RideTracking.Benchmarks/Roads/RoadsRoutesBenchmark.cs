using System.Diagnostics;
using RideTracking.Benchmarks.Search;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Benchmarks.Roads;

/// <summary>Routes and tables on an extract beside Dijkstra's algorithm on the same graph, with the same answers.</summary>
internal static class RoadsRoutesBenchmark
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(500);

    public static int Run(string path, Options options)
    {
        int rounds = options.Count("--rounds", 5), pairs = options.Count("--pairs", 1_000);
        using FileStream file = File.OpenRead(path);
        Console.WriteLine($"{Path.GetFileName(path)}, medians of {rounds} rounds");
        RoadGraph graph = Told("import", 1, () => OsmImporter.Import(file).Graph);
        RoadHierarchy hierarchy = Told("order and hierarchy", 1, () => RoadHierarchy.Build(graph));
        using var written = new MemoryStream();
        hierarchy.Write(written);
        Told("hierarchy from its file", rounds, () =>
        {
            written.Position = 0;
            return RoadHierarchy.Read(written, graph);
        });
        Console.WriteLine($"  file                        {written.Length / 1e6,12:N2} MB");
        var metric = RoadMetric.FreeFlow(graph);
        Told("customization", rounds, () => hierarchy.Customize(metric));
        var router = new RoadRouter(hierarchy, metric);
        Console.WriteLine($"  states                      {hierarchy.StateCount,12:N0}");
        Console.WriteLine($"  arcs                        {hierarchy.ArcCount,12:N0}, turns {graph.TurnCount:N0}");

        RoadPosition[][] places = Places(graph, 2 * pairs);
        Compare(router, new Dijkstra(graph), metric, places, rounds);
        foreach (int size in (ReadOnlySpan<int>)[100, 1_000])
        {
            Tables(router, places, Math.Min(size, pairs), rounds);
        }

        return 0;
    }

    /// <summary>Places by the side of streets where routes start and end: both directions where both may be driven.</summary>
    private static RoadPosition[][] Places(RoadGraph graph, int count)
    {
        var random = new Random(1);
        var places = new RoadPosition[count][];
        for (int i = 0; i < count;)
        {
            var position = new RoadPosition(random.Next(graph.EdgeCount), random.NextDouble());
            if (graph.KmhOf(position.Edge) > 0 && (graph.Segment(position.Segment).Flags & RoadFlags.Connected) != 0)
            {
                places[i++] = graph.KmhOf(position.Edge ^ 1) > 0 ? [position, position.Reversed] : [position];
            }
        }

        return places;
    }

    private static void Compare(RoadRouter router, Dijkstra dijkstra, RoadMetric metric, RoadPosition[][] places, int rounds)
    {
        int pairs = places.Length / 2;
        long settled = 0;
        for (int i = 0; i < pairs; i++)
        {
            long plain = dijkstra.FindMilliseconds(metric, places[2 * i], places[2 * i + 1]);
            long found = router.FindMilliseconds(places[2 * i], places[2 * i + 1]);
            long driven = router.FindPath(places[2 * i], places[2 * i + 1])?.Milliseconds ?? RoadMetric.Unreachable;
            settled += dijkstra.SettledCount;
            if (plain != found || plain != driven)
            {
                throw new InvalidOperationException($"Pair {i} costs {plain} ms by Dijkstra, {found} by the router, its path {driven}.");
            }
        }

        Console.WriteLine($"  pairs of the same cost      {pairs,12:N0}, of {settled / pairs:N0} states settled by Dijkstra");
        int next = 0;
        List<double> plainRates = [], durationRates = [], pathRates = [];
        for (int round = 0; round <= rounds; round++)
        {
            double plainRate = Rate.Of(Slice, Batch(10, (from, to) => dijkstra.FindMilliseconds(metric, from, to)));
            double durationRate = Rate.Of(Slice, Batch(1_000, (from, to) => router.FindMilliseconds(from, to)));
            double pathRate = Rate.Of(Slice, Batch(1_000, (from, to) => router.FindPath(from, to)));
            if (round > 0)
            {
                plainRates.Add(plainRate);
                durationRates.Add(durationRate);
                pathRates.Add(pathRate);
            }
        }

        double dijkstraRate = Rate.Median(plainRates);
        Console.WriteLine($"  Dijkstra                    {1e6 / dijkstraRate,12:N1} µs CPU");
        Console.WriteLine($"  route, duration             {1e6 / Rate.Median(durationRates),12:N1} µs CPU, {Rate.Median(durationRates) / dijkstraRate:N0} times faster");
        Console.WriteLine($"  route, with its path        {1e6 / Rate.Median(pathRates),12:N1} µs CPU, {Rate.Median(pathRates) / dijkstraRate:N0} times faster");

        Func<int> Batch<T>(int count, Func<RoadPosition[], RoadPosition[], T> find) => () =>
        {
            for (int i = 0; i < count; i++)
            {
                int pair = next++ % pairs;
                find(places[2 * pair], places[2 * pair + 1]);
            }

            return count;
        };
    }

    private static void Tables(RoadRouter router, RoadPosition[][] places, int size, int rounds)
    {
        RoadPosition[][] from = places[..size], to = places[size..(2 * size)];
        var table = new int[size * size];
        Told($"table {size:N0} x {size:N0}", rounds, () =>
        {
            router.Table(from, to, table);
            return table;
        });
    }

    private static T Told<T>(string what, int rounds, Func<T> make)
    {
        var milliseconds = new List<double>();
        T made = default!;
        for (int round = 0; round <= (rounds == 1 ? 0 : rounds); round++)
        {
            long before = Stopwatch.GetTimestamp();
            made = make();
            if (round > 0 || rounds == 1)
            {
                milliseconds.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
            }
        }

        Console.WriteLine($"  {what,-27} {Rate.Median(milliseconds),12:N1} ms");
        return made;
    }
}
