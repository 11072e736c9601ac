using System.Diagnostics;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Following;

namespace RideTracking.Benchmarks.Roads;

/// <summary>Following routes of 10 km with a corner each 25 m, by fixes of 1 s and of 15 s, on the route and off it.</summary>
internal static class RoadsFollowingBenchmark
{
    private const int Corners = 400;
    private const double CornerMeters = 25;

    public static int Run(Options options)
    {
        int trips = options.Count("--trips", 10_000), rounds = options.Count("--rounds", 5);
        var random = new Random(1);
        GeoPoint[][] lines = [.. Enumerable.Range(0, trips).Select(_ => Line(random))];
        Console.WriteLine($"{trips} trips, routes of {Corners * CornerMeters / 1e3:0} km with {Corners} corners");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        RouteFollower[] followers = Followers(lines);
        Console.WriteLine($"memory of a trip: {(GC.GetTotalMemory(forceFullCollection: true) - before) / (double)trips:0} bytes");
        GC.KeepAlive(followers);
        foreach ((string what, double seconds, double off) in new[] { ("a fix each second", 1.0, 0.0), ("a fix in 15 s", 15.0, 0.0), ("off the route", 1.0, 300.0) })
        {
            double[] nanoseconds = [.. Enumerable.Range(0, rounds + 1).Select(_ => Measure(lines, seconds, off, random)).Skip(1).Order()];
            Console.WriteLine($"{what,-20} {nanoseconds[rounds / 2],8:0} ns");
        }

        return 0;
    }

    // Fixes of all trips in turn, as they come in at a node: the follower of the next one is not in the cache.
    private static double Measure(GeoPoint[][] lines, double seconds, double off, Random random)
    {
        const int fixesOfTrip = 20;
        RouteFollower[] followers = Followers(lines);
        var fixes = new Fix[fixesOfTrip * lines.Length];
        for (int i = 0; i < fixes.Length; i++)
        {
            double along = (i / lines.Length + 1) * 10 * seconds / CornerMeters;
            GeoPoint[] line = lines[i % lines.Length];
            GeoPoint place = Earth.Destination(line[(int)along], Earth.BearingDegrees(line[(int)along], line[(int)along + 1]), along % 1 * CornerMeters);
            place = Earth.Destination(place, random.NextDouble() * 360, off > 0 ? off : random.NextDouble() * 8);
            fixes[i] = new Fix
            {
                FixedAtUnixMs = (long)((i / lines.Length + 1) * seconds * 1_000),
                LatitudeE7 = (int)(place.LatitudeDegrees * 1e7),
                LongitudeE7 = (int)(place.LongitudeDegrees * 1e7),
                HorizontalAccuracyMeters = 8,
                SpeedMetersPerSecond = 10,
                CourseDegrees = (float)Earth.BearingDegrees(line[(int)along], line[(int)along + 1]),
            };
        }

        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        for (int i = 0; i < fixes.Length; i++)
        {
            followers[i % followers.Length].Observe(fixes[i]);
        }

        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalNanoseconds / fixes.Length;
    }

    private static RouteFollower[] Followers(GeoPoint[][] lines) => [.. lines.Select(line => new RouteFollower(new Route(
        EncodedPolyline.Encode(line),
        [new RouteLeg(Corners * CornerMeters / 2, TimeSpan.FromMinutes(8)), new RouteLeg(Corners * CornerMeters / 2, TimeSpan.FromMinutes(8))],
        RouteSource.Roads)))];

    private static GeoPoint[] Line(Random random)
    {
        var line = new GeoPoint[Corners + 1];
        line[0] = new GeoPoint(41.1 + random.NextDouble() * 0.1, -8.7 + random.NextDouble() * 0.1);
        double course = random.NextDouble() * 360;
        for (int i = 1; i <= Corners; i++)
        {
            course += random.NextDouble() * 20 - 10;
            line[i] = Earth.Destination(line[i - 1], course, CornerMeters);
        }

        return line;
    }
}
