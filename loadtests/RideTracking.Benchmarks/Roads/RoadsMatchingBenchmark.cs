using System.Diagnostics;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Benchmarks.Roads;

/// <summary>Map matching of real trips: distance against the raw one, fixes unmatched, time for each fix.</summary>
internal static class RoadsMatchingBenchmark
{
    public static int Run(string extract, string tripsFile, Options options)
    {
        using FileStream file = File.OpenRead(extract);
        RoadGraph graph = OsmImporter.Import(file).Graph;
        RecordedTrip[] trips = RecordedTrip.Read(tripsFile);
        var defaults = new MatchingLimits();
        MatchingLimits limits = defaults with
        {
            ForbiddenTurnMeters = options.Number("--forbidden-turn", defaults.ForbiddenTurnMeters),
            DetourMeters = options.Number("--detour", defaults.DetourMeters),
            DetourMetersPerSecond = options.Number("--detour-per-second", defaults.DetourMetersPerSecond),
            WrongWayNats = options.Number("--wrong-way", defaults.WrongWayNats),
            AssumedAccuracyMeters = options.Number("--accuracy", defaults.AssumedAccuracyMeters),
        };
        var matcher = new MapMatcher(new RoadIndex(graph), limits);
        MatchedDrive[] drives = MatchAll(matcher, trips); // once before it is measured, for the compiler's sake
        long settled = matcher.SettledEdges;
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        int rounds = options.Count("--rounds", 3);
        for (int round = 0; round < rounds; round++)
        {
            drives = MatchAll(matcher, trips);
        }

        int fixes = trips.Sum(trip => trip.Fixes.Length);
        double microseconds = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / rounds / fixes;
        Console.WriteLine($"{trips.Length} trips, {fixes} fixes");
        Console.WriteLine($"time:                {microseconds,8:0.0} µs a fix, {microseconds * fixes / trips.Length / 1e3:0.00} ms a trip; {(double)settled / fixes:0} edges looked at for a fix");
        Console.WriteLine($"fixes unmatched:     {drives.Sum(drive => drive.Fixes.Count(fix => !fix.IsMatched)) / (double)fixes,8:P2}");
        Console.WriteLine($"trips in one piece:  {drives.Count(drive => drive.Pieces.Length == 1) / (double)drives.Length,8:P1}, {drives.Average(drive => drive.Pieces.Length):0.00} pieces a trip");
        double raw = trips.Sum(trip => trip.RawMeters), road = drives.Sum(drive => drive.RoadMeters), bridged = drives.Sum(drive => drive.BridgedMeters);
        Console.WriteLine($"raw distance:        {raw / 1e3,8:0} km");
        Console.WriteLine($"matched distance:    {(road + bridged) / 1e3,8:0} km ({(road + bridged) / raw - 1:P1}), of it bridged {bridged / 1e3:0.0} km");
        double[] against = [.. drives.Select(drive => MetersByEdge(graph, drive).Where(edge => graph.KmhOf(edge.Key) == 0).Sum(edge => edge.Value))];
        Console.WriteLine($"against one-ways:    {against.Sum() / 1e3,8:0.0} km ({against.Sum() / road:P2}), in {against.Count(meters => meters > 0)} trips; {Told([.. against.Where(meters => meters > 0)], 0.5, 0.9)} m");
        double[] ratios = [.. trips.Zip(drives).Where(pair => pair.First.RawMeters > 500).Select(pair => pair.Second.DistanceMeters / pair.First.RawMeters)];
        Console.WriteLine($"matched/raw of a trip: {Told(ratios, 0.1, 0.5, 0.9, 0.99)} (trips above 500 m)");
        double[] distances = [.. drives.SelectMany(drive => drive.Fixes).Where(fix => fix.IsMatched).Select(fix => fix.DistanceMeters)];
        Console.WriteLine($"fix to matched road, m: {Told(distances, 0.5, 0.9, 0.99, 1)}");

        double common = 0, whole = 0, half = 0;
        foreach ((RecordedTrip trip, MatchedDrive drive) in trips.Zip(drives))
        {
            Fix[] left = [.. trip.Fixes.Where((_, i) => i % 2 == 0)];
            if (drive.Pieces.Length != 1 || left.Length < 4)
            {
                continue;
            }

            Dictionary<int, double> all = MetersByEdge(graph, drive), some = MetersByEdge(graph, matcher.Match(left));
            whole += all.Values.Sum();
            half += some.Values.Sum();
            common += all.Sum(edge => Math.Min(edge.Value, some.GetValueOrDefault(edge.Key)));
        }

        Console.WriteLine($"with every other fix:  {common / whole:P1} of the way found again, {(half - common) / whole:P1} elsewhere");
        foreach (int step in (ReadOnlySpan<int>)[2, 4])
        {
            TellDistances(matcher, trips, drives, step);
        }

        return 0;
    }

    // Against the distance of all fixes, since nobody knows the true one; both ends are kept.
    private static void TellDistances(MapMatcher matcher, RecordedTrip[] trips, MatchedDrive[] drives, int step)
    {
        var errors = trips.Zip(drives).Where(pair => pair.Second.DistanceMeters >= 500).Select(pair => (
            Kilometers: pair.Second.DistanceMeters / 1e3,
            Error: Math.Abs(matcher.Match([.. pair.First.Fixes.Where((_, i) => i % step == 0 || i == pair.First.Fixes.Length - 1)]).DistanceMeters / pair.Second.DistanceMeters - 1)));
        foreach (IGrouping<int, double> length in errors.GroupBy(each => each.Kilometers < 2 ? 2 : each.Kilometers < 5 ? 5 : each.Kilometers < 10 ? 10 : 99, each => each.Error).OrderBy(each => each.Key))
        {
            Console.WriteLine($"distance by one fix in {step}, {length.Count(),4} trips below {length.Key,2} km: error {Told([.. length.Select(error => 100 * error)], 0.5, 0.9)} %");
        }
    }

    private static MatchedDrive[] MatchAll(MapMatcher matcher, RecordedTrip[] trips) => [.. trips.Select(trip => matcher.Match(trip.Fixes))];

    private static Dictionary<int, double> MetersByEdge(RoadGraph graph, MatchedDrive drive) => drive.Pieces
        .SelectMany(piece => piece.Edges)
        .GroupBy(edge => edge.Edge)
        .ToDictionary(group => group.Key, group => group.Sum(edge => (edge.To - edge.From) * graph.LengthMeters(edge.Edge)));

    private static string Told(double[] values, params double[] shares)
    {
        Array.Sort(values);
        return values.Length == 0 ? "none" : string.Join(", ", shares.Select(share => $"p{share * 100:0} {values[(int)Math.Min(share * values.Length, values.Length - 1)]:0.00}"));
    }
}
