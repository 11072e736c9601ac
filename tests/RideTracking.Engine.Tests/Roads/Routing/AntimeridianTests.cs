using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Engine.Tests.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>A town across the antimeridian is driven like the same town anywhere else.</summary>
public class AntimeridianTests
{
    private static readonly RoadGraph There = StreetGrid.Build(new StreetGridPlan { Center = new GeoPoint(-16.8, 180) });
    private static readonly RoadGraph Here = StreetGrid.Build(new StreetGridPlan { Center = new GeoPoint(-16.8, 20) });

    [Fact]
    public void Ways_are_as_long_and_never_go_round_the_earth()
    {
        RoadNetworkRouter there = RouterOf(There), here = RouterOf(Here);
        var random = new Random(3);
        for (int i = 0; i < 300; i++)
        {
            ((double East, double North) from, (double East, double North) to) = (Anywhere(random), Anywhere(random));
            Route across = there.Through(RouteStart.Stop(At(180, from)), [At(180, to)]), plain = here.Through(RouteStart.Stop(At(20, from)), [At(20, to)]);
            Assert.Equal(plain.DistanceMeters, across.DistanceMeters, 1.0);
            ReadOnlySpan<GeoPoint> line = EncodedPolyline.Decode(across.EncodedPolyline);
            double meters = 0;
            for (int point = 1; point < line.Length; point++)
            {
                meters += Earth.DistanceMeters(line[point - 1], line[point]);
            }

            Assert.Equal(across.DistanceMeters, meters, 5.0 + 0.01 * meters);
        }
    }

    [Theory]
    [InlineData(180, -180, 0)]
    [InlineData(-180, 180, 1e-7)]
    [InlineData(180, 180, 0)]
    public void Roads_that_a_map_cuts_there_are_one(double endsAt, double beginsAt, double apart)
    {
        RoadGraph graph = new OsmFileWriter()
            .Node('a', new GeoPoint(-16.8, 179.98)).Node('b', new GeoPoint(-16.8, endsAt)).Node('c', new GeoPoint(-16.8 + apart, beginsAt)).Node('d', new GeoPoint(-16.8, -179.98))
            .Way(1, "ab", "highway=residential").Way(2, "cd", "highway=residential").Import().Graph;

        Route route = RouterOf(graph).Through(RouteStart.Stop(new GeoPoint(-16.8, 179.985)), [new GeoPoint(-16.8, -179.985)]);

        Assert.Equal(RouteSource.Roads, route.Source);
        Assert.Equal(0.03 * Math.Cos(16.8 * Math.PI / 180) * Earth.MetersPerDegree, route.DistanceMeters, 2.0);
    }

    [Fact]
    public void Drives_are_matched_as_well()
    {
        RoadNetworkRouter there = RouterOf(There), here = RouterOf(Here);
        MapMatcher matcherThere = new(new RoadIndex(There)), matcherHere = new(new RoadIndex(Here));
        var random = new Random(5);
        for (int i = 0; i < 30; i++)
        {
            ((double East, double North) from, (double East, double North) to) = (Anywhere(random), Anywhere(random));
            Route across = there.Through(RouteStart.Stop(At(180, from)), [At(180, to)]), plain = here.Through(RouteStart.Stop(At(20, from)), [At(20, to)]);
            double driven = matcherThere.Match(Driven(EncodedPolyline.Decode(across.EncodedPolyline))).DistanceMeters;
            Assert.Equal(matcherHere.Match(Driven(EncodedPolyline.Decode(plain.EncodedPolyline))).DistanceMeters, driven, 5.0);
        }
    }

    private static Fix[] Driven(GeoPoint[] line)
    {
        var fixes = new List<Fix>();
        double left = 0;
        for (int i = 1; i < line.Length; i++)
        {
            double length = Earth.DistanceMeters(line[i - 1], line[i]);
            for (; left < length; left += 20)
            {
                fixes.Add(new Fix { FixedAtUnixMs = fixes.Count * 2_000, HorizontalAccuracyMeters = 5 }.At(line[i - 1].Toward(line[i], left / length)));
            }

            left -= length;
        }

        fixes.Add(new Fix { FixedAtUnixMs = fixes.Count * 2_000, HorizontalAccuracyMeters = 5 }.At(line[^1]));
        return [.. fixes];
    }

    private static RoadNetworkRouter RouterOf(RoadGraph graph) =>
        new(new RoadIndex(graph), new RoadRouter(RoadHierarchy.Build(graph), RoadMetric.FreeFlow(graph)), new StraightLineRouter(8));

    private static (double East, double North) Anywhere(Random random) => (1_500 * (2 * random.NextDouble() - 1), 1_500 * (2 * random.NextDouble() - 1));

    private static GeoPoint At(double longitude, (double East, double North) off) =>
        Earth.Destination(Earth.Destination(new GeoPoint(-16.8, longitude), 90, off.East), 0, off.North);
}
