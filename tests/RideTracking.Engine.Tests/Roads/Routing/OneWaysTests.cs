using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>
/// No stretch of any told way leads against a one-way of the map or over no road at all, but to places far from any. The map is read here
/// without the importer. Skipped where it is absent.
/// </summary>
public class OneWaysTests(ITestOutputHelper output)
{
    private const int Ways = 4_000;

    [Theory]
    [InlineData("monaco/monaco.osm.pbf")]
    [InlineData("porto/porto_portugal.osm.pbf")]
    public void No_way_is_told_against_a_one_way(string map)
    {
        string? path = SharedData.Find(map);
        Assert.SkipWhen(path is null, "The map is not beside the repository.");
        RoadGraph graph = (map.StartsWith("porto", StringComparison.Ordinal) ? SharedData.Porto! : SharedData.Import(path)).Graph;
        var oneWays = PlainOneWays.Read(path);
        var random = new Random(1);
        var index = new RoadIndex(graph);
        var roads = new RoadRouter(RoadHierarchy.Build(graph), RoadMetric.FreeFlow(graph));
        var router = new RoadNetworkRouter(index, roads, new StraightLineRouter(8));
        var judged = new Dictionary<Stretch, int>();
        for (int way = 0; way < Ways; way++)
        {
            if (way % 1_000 == 999)
            {
                // Some streets are closed, one direction or both: ways go by and around them, and begin and end there.
                roads.Use(RoadMetric.FreeFlow(graph).With(graph, Enumerable.Range(0, graph.EdgeCount).Where(_ => random.Next(20) == 0).Select(RoadChange.Closed)));
            }

            (GeoPoint place, double course) = oneWays.PlacesOnOneWays[random.Next(oneWays.PlacesOnOneWays.Count)];
            GeoPoint onOneWay = Earth.Destination(place, random.NextDouble() * 360, random.NextDouble() * 15);
            RouteStart start = (way % 4) switch
            {
                0 => RouteStart.Stop(Near(graph, random)),
                1 => RouteStart.Stop(onOneWay),
                2 => RouteStart.Car(onOneWay, course + 180), // against it, as who parks or is seen wrong
                _ => RouteStart.Car(Near(graph, random), random.NextDouble() * 360),
            };
            // The last is some metres behind the one before, on the same street as it may be.
            GeoPoint middle = way % 2 == 0 ? Near(graph, random) : onOneWay;
            GeoPoint behind = Earth.Destination(middle, course + 180, random.NextDouble() * 40);
            GeoPoint last = Near(graph, random);
            Judge(router.Through(start, [middle, behind, last]), [start.Point, middle, behind, last], oneWays, judged);
        }

        output.WriteLine($"{oneWays.OneWays} one-ways; stretches of {Ways} ways: {string.Join(", ", judged)}");
        Assert.Equal((0, 0), (judged.GetValueOrDefault(Stretch.Against), judged.GetValueOrDefault(Stretch.OffRoad)));
        Assert.True(judged[Stretch.Along] > 50 * Ways);
    }

    private void Judge(Route route, GeoPoint[] asked, PlainOneWays oneWays, Dictionary<Stretch, int> judged)
    {
        if (route.Source != RouteSource.Roads)
        {
            return;
        }

        GeoPoint[] line = EncodedPolyline.Decode(route.EncodedPolyline);
        for (int i = 1; i < line.Length; i++)
        {
            Stretch stretch = oneWays.Judge(line[i - 1], line[i]);
            if (stretch == Stretch.OffRoad && Array.Exists(asked, point => IsAt(point, line[i - 1]) || IsAt(point, line[i])))
            {
                continue; // from or to a place far off the roads, as the crow flies
            }

            judged[stretch] = judged.GetValueOrDefault(stretch) + 1;
            if (stretch != Stretch.Along && stretch != Stretch.TooShort && judged[stretch] < 20)
            {
                output.WriteLine($"{stretch}: {line[i - 1]} to {line[i]}, {Earth.DistanceMeters(line[i - 1], line[i]):F0} m, point {i} of {line.Length}");
            }
        }
    }

    private static bool IsAt(GeoPoint asked, GeoPoint told) => Earth.DistanceMeters(asked, told) < 2;

    private static GeoPoint Near(RoadGraph graph, Random random)
    {
        int segment = random.Next(graph.SegmentCount);
        return Earth.Destination(graph.PointOf(segment, random.Next(graph.PointCount(segment))), random.NextDouble() * 360, 30 * random.NextDouble());
    }
}
