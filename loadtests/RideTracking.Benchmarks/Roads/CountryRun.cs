using System.Diagnostics;
using System.Globalization;
using NetTopologySuite.IO.VectorTiles.Tiles;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Server.Roads;

namespace RideTracking.Benchmarks.Roads;

/// <summary>What a server makes of an extract, stage by stage: how long each takes, and the most memory until its end.</summary>
internal static class CountryRun
{
    public const string Verb = "roads-country-run";

    private const int Samples = 1_000;

    /// <param name="path">The extract.</param>
    /// <param name="cutTo">South, west, north and east of the part that is wanted, in 1e-7 degrees; none for all of it.</param>
    public static int Run(string path, params string[] cutTo)
    {
        var edges = cutTo.Select(each => int.Parse(each, CultureInfo.InvariantCulture) / 1e7).ToArray();
        IGeoArea? area = edges is [var south, var west, var north, var east] ? new GeoRectangle(south, west, north, east) : null;
        using var file = File.OpenRead(path);
        var source = Told("hash of the file", () => RoadSource.Of(file));
        var import = Told(area is null ? "import" : "import of the part", () => OsmImporter.Import(file, cutTo: area));
        var graph = import.Graph;
        Console.WriteLine($"    ways {import.Report.DrivableWays:N0}, points {Points(graph):N0}, segments {graph.SegmentCount:N0}, states {graph.StateCount:N0}, turns {graph.TurnCount:N0}, {import.Report.RoadKilometers:N0} km");
        Held("graph", graph.SegmentCount);
        import = null;
        var saved = Path.GetTempFileName();
        Told("graph written", () =>
        {
            using var to = File.Create(saved);
            RoadGraphFile.Write(to, graph, source);
            return to.Length;
        });
        Told("graph read", () =>
        {
            using var from = File.OpenRead(saved);
            return graph = RoadGraphFile.Read(from, source);
        });
        File.Delete(saved);
        var hierarchy = Told("order and hierarchy", () => RoadHierarchy.Build(graph));
        Console.WriteLine($"    arcs {hierarchy.ArcCount:N0}");
        Held("graph and hierarchy", graph.SegmentCount);
        var router = Told("customization", () => new RoadRouter(hierarchy, RoadMetric.FreeFlow(graph)));
        var index = Told("index of roads", () => new RoadIndex(graph));
        Held("all for routes", graph.SegmentCount);
        Routes(graph, router);
        using (var tiles = Told("tiles prepared", () => new RoadTiles(graph)))
        {
            Held("all, with tiles", graph.SegmentCount);
            Tiles(graph, tiles);
        }

        GC.KeepAlive(index);
        return 0;
    }

    private static long Points(RoadGraph graph) => Enumerable.Range(0, graph.SegmentCount).Sum(segment => (long)graph.PointCount(segment));

    private static void Routes(RoadGraph graph, RoadRouter router)
    {
        var random = new Random(1);
        var places = new List<RoadPosition>();
        while (places.Count < 2 * Samples)
        {
            var position = new RoadPosition(random.Next(graph.EdgeCount), random.NextDouble());
            if (graph.KmhOf(position.Edge) > 0 && (graph.Segment(position.Segment).Flags & RoadFlags.Connected) != 0)
            {
                places.Add(position);
            }
        }

        // Once for the compiler and the caches.
        var found = 0;
        for (var round = 0; round < 2; round++)
        {
            found = 0;
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < Samples; i++)
            {
                found += router.FindMilliseconds([places[2 * i]], [places[2 * i + 1]]) < RoadMetric.Unreachable ? 1 : 0;
            }

            if (round == 1)
            {
                Console.WriteLine($"  {"a route, of any two places",-28} {Stopwatch.GetElapsedTime(started).TotalMicroseconds / Samples,10:N0} µs; of {Samples:N0} pairs {found:N0} are joined");
            }
        }
    }

    private static void Tiles(RoadGraph graph, RoadTiles tiles)
    {
        var random = new Random(1);
        foreach (var zoom in (ReadOnlySpan<int>)[7, 10, 12, 14])
        {
            var asked = new HashSet<(int, int)>();
            long bytes = 0;
            var elapsed = TimeSpan.Zero;
            for (var tries = 0; tries < 500 && asked.Count < 50; tries++)
            {
                var at = graph.JunctionAt(random.Next(graph.JunctionCount));
                var tile = Tile.CreateAroundLocation(at.LatitudeDegrees, at.LongitudeDegrees, zoom)!;
                if (asked.Add((tile.X, tile.Y)))
                {
                    var started = Stopwatch.GetTimestamp();
                    bytes += tiles.Get(zoom, tile.X, tile.Y).Length;
                    elapsed += Stopwatch.GetElapsedTime(started);
                }
            }

            Console.WriteLine($"  {$"a tile of zoom {zoom}",-28} {elapsed.TotalMilliseconds / asked.Count,10:N1} ms, {bytes / asked.Count / 1e3:N1} kB; mean of {asked.Count}");
        }
    }

    private static T Told<T>(string what, Func<T> make)
    {
        var before = Stopwatch.GetTimestamp();
        var made = make();
        using var self = Process.GetCurrentProcess();
        Console.WriteLine($"  {what,-28} {Stopwatch.GetElapsedTime(before).TotalSeconds,10:N1} s, peak so far {self.PeakWorkingSet64 / 1e6:N0} MB");
        return made;
    }

    private static void Held(string what, int segments)
    {
        var bytes = GC.GetTotalMemory(forceFullCollection: true);
        Console.WriteLine($"    held by {what}: {bytes / 1e6:N0} MB, {bytes / (double)segments:N0} bytes a segment");
    }
}
