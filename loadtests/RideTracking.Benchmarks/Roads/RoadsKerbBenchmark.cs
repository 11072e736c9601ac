using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Benchmarks.Roads;

/// <summary>
/// How much farther a car drives when people get in and out on the side of the road where their place is: the same random trips with and
/// without. A car somewhere drives to a pick-up some 2 km away and from there to a drop-off some 5 km away, both beside streets.
/// </summary>
internal static class RoadsKerbBenchmark
{
    public static int Run(string path, Options options)
    {
        using FileStream file = File.OpenRead(path);
        RoadGraph graph = OsmImporter.Import(file).Graph;
        var index = new RoadIndex(graph);
        var roads = new RoadRouter(RoadHierarchy.Build(graph), RoadMetric.FreeFlow(graph));
        var straight = new StraightLineRouter(8);
        RoadNetworkRouter anySide = new(index, roads, straight), kerbSide = new(index, roads, straight, stopsAtKerbSide: true);
        var random = new Random(1);
        List<(double Meters, double Seconds)> extra = [];
        for (int trips = options.Count("--trips", 20_000); extra.Count < trips;)
        {
            GeoPoint pickup = Beside(graph, random);
            GeoPoint dropoff = Earth.Destination(pickup, random.NextDouble() * 360, -5_000 * Math.Log(1 - random.NextDouble()));
            var car = RouteStart.Car(Earth.Destination(pickup, random.NextDouble() * 360, 4_000 * random.NextDouble()));
            if (!index.TryNearest(car.Point, null, RoadNetworkRouter.BesideRoadMeters, out _) || !index.TryNearest(dropoff, null, RoadNetworkRouter.BesideRoadMeters, out _, mayStop: true))
            {
                continue;
            }

            Route any = anySide.Through(car, [pickup, dropoff]), kerb = kerbSide.Through(car, [pickup, dropoff]);
            if (any.Source == RouteSource.Roads && kerb.Source == RouteSource.Roads)
            {
                extra.Add((kerb.DistanceMeters - any.DistanceMeters, (kerb.Duration - any.Duration).TotalSeconds));
            }
        }

        List<(double Meters, double Seconds)> other = [.. extra.Where(each => each.Meters != 0 || each.Seconds != 0)];
        Console.WriteLine($"{Path.GetFileName(path)}, {extra.Count:N0} trips, of which {100.0 * other.Count / extra.Count:N1} % go another way");
        Tell("all", extra);
        Tell("those", other);
        return 0;
    }

    private static void Tell(string which, List<(double Meters, double Seconds)> extra)
    {
        if (extra.Count > 0)
        {
            Console.WriteLine($"  {which,-6} {extra.Average(each => each.Meters),8:N0} m more, p90 {NinthTenth(extra.Select(each => each.Meters)),8:N0} m; "
                + $"{extra.Average(each => each.Seconds),6:N1} s more, p90 {NinthTenth(extra.Select(each => each.Seconds)),6:N1} s");
        }
    }

    private static double NinthTenth(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)(0.9 * (sorted.Length - 1))];
    }

    // Where houses are: 5 to 25 m from the middle of a street.
    private static GeoPoint Beside(RoadGraph graph, Random random)
    {
        int segment;
        do
        {
            segment = random.Next(graph.SegmentCount);
        }
        while ((graph.Segment(segment).Flags & RoadFlags.Connected) == 0);
        return Earth.Destination(graph.PointOf(segment, random.Next(graph.PointCount(segment))), random.NextDouble() * 360, 5 + 20 * random.NextDouble());
    }
}
