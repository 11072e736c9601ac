using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Benchmarks.Roads;

/// <summary>
/// The shortest ways between random junctions beside those of Routino: how far the lengths are apart, and, where they
/// are, which stretches Routino drives that this graph does not allow.
/// </summary>
internal static class RoadsForeignBenchmark
{
    // A centimetre is so many milliseconds, so that the delays of turns, which are part of the graph, come to a metre at most.
    private const int UnitsPerCentimeter = 50;
    private const int ShownPairs = 12;
    private const double SamePlaceMeters = 5;

    public static int Run(string path, Options options)
    {
        int pairs = options.Count("--pairs", 300);
        using var routino = new Routino(path);
        using FileStream file = File.OpenRead(path);
        RoadGraph graph = OsmImporter.Import(file).Graph;
        var units = new int[graph.EdgeCount];
        for (int edge = 0; edge < units.Length; edge++)
        {
            units[edge] = !IsDriven(graph, edge) ? RoadMetric.Closed : UnitsPerCentimeter * graph.Segment(edge >> 1).LengthCentimeters;
        }

        var router = new RoadRouter(RoadHierarchy.Build(graph), new RoadMetric(units));
        Stretches driven = new(graph);
        var compared = new List<Pair>();
        int noneOfOurs = 0, noneOfTheirs = 0, elsewhere = 0;
        (int Junction, RoadPosition[] Out, RoadPosition[] In)[] junctions = Junctions(graph, 2 * pairs);
        for (int i = 0; i < pairs; i++)
        {
            (int from, RoadPosition[] start, _) = junctions[2 * i];
            (int to, _, RoadPosition[] goal) = junctions[2 * i + 1];
            RoadPath? ours = router.FindPath(start, goal);
            (GeoPoint[] points, double theirs) = routino.Shortest(graph.JunctionAt(from), graph.JunctionAt(to));
            noneOfOurs += ours is null ? 1 : 0;
            noneOfTheirs += points.Length == 0 ? 1 : 0;
            if (points.Length == 0 || ours is null)
            {
                continue;
            }

            // Where it has no road that it would drive, Routino begins or ends at another.
            if (Earth.DistanceMeters(points[0], graph.JunctionAt(from)) > SamePlaceMeters
                || Earth.DistanceMeters(points[^1], graph.JunctionAt(to)) > SamePlaceMeters)
            {
                elsewhere++;
            }
            else
            {
                compared.Add(new Pair(graph.JunctionAt(from), graph.JunctionAt(to), ours, points, driven.LengthOf(ours), theirs));
            }
        }

        Console.WriteLine($"{Path.GetFileName(path)}: {compared.Count} of {pairs} pairs; without a way here {noneOfOurs}, in Routino {noneOfTheirs}, begun or ended elsewhere by it {elsewhere}");
        foreach (double limit in (ReadOnlySpan<double>)[0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1])
        {
            Console.WriteLine($"  within {limit,6:P2} {compared.Count(pair => Math.Abs(pair.Ratio - 1) <= limit) / (double)compared.Count,8:P1}");
        }

        Console.WriteLine($"  longer than Routino's by more than 0.1 % {compared.Count(pair => pair.Ratio > 1.001)}, shorter {compared.Count(pair => pair.Ratio < 0.999)}");
        Console.WriteLine($"  all ways together {compared.Sum(pair => pair.Ours):N0} m, Routino {compared.Sum(pair => pair.Theirs):N0} m");
        foreach (Pair pair in compared.OrderByDescending(pair => Math.Abs(pair.Ratio - 1)).Take(ShownPairs))
        {
            Console.WriteLine($"  {pair.Ratio:P2}: {pair.From.LatitudeDegrees:F5},{pair.From.LongitudeDegrees:F5} to {pair.To.LatitudeDegrees:F5},{pair.To.LongitudeDegrees:F5}, {pair.Ours:N0} m, Routino {pair.Theirs:N0} m");
            driven.Explain(pair.Path, pair.Points);
        }

        Pair[] shorter = [.. compared.Where(pair => pair.Ratio < 0.999)];
        Console.WriteLine($"  of the {shorter.Length} shorter ones Routino finds {shorter.Count(pair => IsFoundInHalves(routino, graph, pair))} itself when led over a junction of them");

        return 0;
    }

    private sealed record Pair(GeoPoint From, GeoPoint To, RoadPath Path, GeoPoint[] Points, double Ours, double Theirs)
    {
        public double Ratio => Ours / Theirs;
    }

    /// <summary>
    /// True when Routino's ways to some junction of our path and on from it come to less than its way found at once: then
    /// that one was not the shortest by its own rules.
    /// </summary>
    private static bool IsFoundInHalves(Routino routino, RoadGraph graph, Pair pair)
    {
        for (int part = 1; part < 8; part++)
        {
            GeoPoint over = graph.JunctionAt(graph.HeadOf(pair.Path.Edges[part * pair.Path.Edges.Length / 8]));
            (GeoPoint[] first, double there) = routino.Shortest(pair.From, over);
            (GeoPoint[] second, double on) = routino.Shortest(over, pair.To);
            if (first.Length > 0 && second.Length > 0 && there + on < 0.9995 * pair.Theirs)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What both would drive: Routino's cars use no tracks.</summary>
    private static bool IsDriven(RoadGraph graph, int edge) => graph.KmhOf(edge) > 0 && graph.Segment(edge >> 1).Class != RoadClass.Track;

    /// <summary>Random junctions with a road out and a road in: where a route may start and where it may end.</summary>
    private static (int Junction, RoadPosition[] Out, RoadPosition[] In)[] Junctions(RoadGraph graph, int count)
    {
        var random = new Random(1);
        var found = new List<(int, RoadPosition[], RoadPosition[])>();
        ILookup<int, int> byTail = Enumerable.Range(0, graph.EdgeCount)
            .Where(edge => (graph.Segment(edge >> 1).Flags & RoadFlags.Connected) != 0)
            .ToLookup(graph.TailOf);
        while (found.Count < count)
        {
            int junction = random.Next(graph.JunctionCount);
            RoadPosition[] outwards = [.. byTail[junction].Where(edge => IsDriven(graph, edge)).Select(edge => new RoadPosition(edge, 0))];
            RoadPosition[] inwards = [.. byTail[junction].Where(edge => IsDriven(graph, edge ^ 1)).Select(edge => new RoadPosition(edge ^ 1, 1))];
            if (outwards.Length > 0 && inwards.Length > 0)
            {
                found.Add((junction, outwards, inwards));
            }
        }

        return [.. found];
    }
}
