using RideTracking.Benchmarks.Search;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Benchmarks.Roads;

/// <summary>Reading an OpenStreetMap extract: CPU time, sizes, what was found; and CPU time of the nearest road.</summary>
internal static class RoadsImportBenchmark
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(500);

    public static int Run(string path, Options options)
    {
        int rounds = options.Count("--rounds", 5);
        using FileStream file = File.OpenRead(path);
        Console.WriteLine($"{Path.GetFileName(path)}, {file.Length / 1e6:N1} MB");
        var imports = new List<double>();
        RoadImport import = null!;
        for (int round = 0; round <= rounds; round++)
        {
            file.Position = 0;
            TimeSpan before = Environment.CpuUsage.TotalTime;
            import = OsmImporter.Import(file);
            double milliseconds = Told(before, round == 0 ? "import, the first" : null);
            if (round > 0)
            {
                imports.Add(milliseconds);
            }
        }

        Console.WriteLine($"  import, median                {Rate.Median(imports),10:N0} ms");
        PrintFound(import);
        PrintSizes(file, import.Graph, rounds);
        PrintSnapping(import.Graph, rounds);
        return 0;
    }

    private static double Told(TimeSpan before, string? what)
    {
        double milliseconds = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        if (what is not null)
        {
            Console.WriteLine($"  {what,-29} {milliseconds,10:N0} ms");
        }

        return milliseconds;
    }

    private static void PrintFound(RoadImport import)
    {
        (RoadGraph graph, RoadImportReport report) = (import.Graph, import.Report);
        int connected = Enumerable.Range(0, graph.SegmentCount).Count(segment => (graph.Segment(segment).Flags & RoadFlags.Connected) != 0);
        int drivable = Enumerable.Range(0, graph.EdgeCount).Count(edge => graph.KmhOf(edge) > 0);
        Console.WriteLine($"  ways                          {report.HighwayWays,10:N0}, for cars {report.DrivableWays:N0}");
        Console.WriteLine($"  road                          {report.RoadKilometers,10:N0} km, connected {report.ConnectedKilometers:N0}, urban {report.UrbanKilometers:N0}");
        Console.WriteLine($"  junctions                     {graph.JunctionCount,10:N0}");
        Console.WriteLine($"  segments                      {graph.SegmentCount,10:N0}, connected {connected:N0}");
        Console.WriteLine($"  edges that are driven         {drivable,10:N0}");
        Console.WriteLine($"  states                        {graph.StateCount,10:N0}, beside edges {graph.StateCount - graph.EdgeCount:N0}");
        Console.WriteLine($"  turns                         {graph.TurnCount,10:N0}");
        Console.WriteLine($"  barriers                      {report.BlockingBarriers,10:N0}, gates for own traffic {report.OwnTrafficGates:N0}, nodes missing {report.MissingNodes:N0}");
        Console.WriteLine($"  ways with hours               {report.TimedWays,10:N0}, gates {report.TimedGates:N0}");
        foreach ((string kind, int count) in report.ConditionsLeftOut)
        {
            Console.WriteLine($"    {kind,-41} {count,10:N0}");
        }

        Console.WriteLine($"  restrictions                  {report.Restrictions,10:N0}, applied {report.RestrictionsApplied:N0} ({report.RestrictionsOverWays:N0} over ways)");
        foreach ((string reason, int count) in report.RestrictionsIgnored)
        {
            Console.WriteLine($"    {reason,-27} {count,10:N0}");
        }
    }

    private static void PrintSizes(FileStream file, RoadGraph graph, int rounds)
    {
        file.Position = 0;
        TimeSpan before = Environment.CpuUsage.TotalTime;
        RoadSource source = RoadSource.Of(file);
        Told(before, "hash of the extract");
        using var saved = new MemoryStream();
        RoadGraphFile.Write(saved, graph, source);
        var loads = new List<double>();
        for (int round = 0; round <= rounds; round++)
        {
            saved.Position = 0;
            before = Environment.CpuUsage.TotalTime;
            RoadGraphFile.Read(saved, source);
            double milliseconds = Told(before, null);
            if (round > 0)
            {
                loads.Add(milliseconds);
            }
        }

        saved.Position = 0;
        long held = GC.GetTotalMemory(forceFullCollection: true);
        RoadGraph loaded = RoadGraphFile.Read(saved, source);
        long memory = GC.GetTotalMemory(forceFullCollection: true) - held;
        GC.KeepAlive(loaded);
        Console.WriteLine($"  graph in memory               {memory / 1e6,10:N1} MB");
        Console.WriteLine($"  graph file                    {saved.Length / 1e6,10:N1} MB");
        Console.WriteLine($"  load (from memory), median    {Rate.Median(loads),10:N1} ms");
    }

    private static void PrintSnapping(RoadGraph graph, int rounds)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        var index = new RoadIndex(graph);
        Told(before, "index of roads, made in");
        Console.WriteLine($"  index of roads                {index.Bytes / 1e6,10:N1} MB");
        // Points as fixes are: near roads, moved by some metres.
        var random = new Random(1);
        var points = new (GeoPoint Point, double Course)[10_000];
        for (int i = 0; i < points.Length;)
        {
            int segment = random.Next(graph.SegmentCount);
            if ((graph.Segment(segment).Flags & RoadFlags.Connected) != 0)
            {
                GeoPoint place = graph.PointOf(segment, random.Next(graph.PointCount(segment)));
                points[i++] = (Earth.Destination(place, random.NextDouble() * 360, random.NextDouble() * 15), random.NextDouble() * 360);
            }
        }

        var found = new RoadCandidate[32];
        long next = 0;
        Print("nearest road", () => index.TryNearest(Next().Point, null, 100, out _));
        Print("nearest road with a course", () => index.TryNearest(Next().Point, Next().Course, 100, out _));
        Print("all within 50 m", () => index.Nearest(Next().Point, 50, found));
        Print("all within 100 m", () => index.Nearest(Next().Point, 100, found));

        (GeoPoint Point, double Course) Next() => points[next++ % points.Length];

        void Print(string what, Action search)
        {
            var rates = new List<double>();
            for (int round = 0; round <= rounds; round++)
            {
                double rate = Rate.Of(Slice, Batch);
                if (round > 0)
                {
                    rates.Add(rate);
                }
            }

            Console.WriteLine($"  {what,-29} {1e6 / Rate.Median(rates),10:N2} µs");

            int Batch()
            {
                for (int i = 0; i < 1_000; i++)
                {
                    search();
                }

                return 1_000;
            }
        }
    }
}
