using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Tests.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Graph;

/// <summary>Nearest roads against a look at every road, and the side and the course.</summary>
public class RoadIndexTests
{
    [Fact]
    public void Finds_what_a_look_at_every_road_finds()
    {
        RoadGraph city = StreetGrid.Build(new StreetGridPlan { Center = Places.Porto, WidthMeters = 3_000, HeightMeters = 3_000 });
        AssertAsPlain(city, new RoadIndex(city), Places.Porto, 2_300, 400, seed: 1);
    }

    [Fact]
    public void Finds_them_across_the_antimeridian_and_in_the_north()
    {
        var center = new GeoPoint(70, 179.9999);
        RoadGraph city = StreetGrid.Build(new StreetGridPlan { Center = center, WidthMeters = 1_500, HeightMeters = 1_500 });
        AssertAsPlain(city, new RoadIndex(city), center, 1_000, 100, seed: 2);
    }

    internal static void AssertAsPlain(RoadGraph graph, RoadIndex index, GeoPoint center, double spread, int points, int seed)
    {
        var random = new Random(seed);
        var found = new RoadCandidate[12];
        for (int i = 0; i < points; i++)
        {
            GeoPoint point = Earth.Destination(center, random.NextDouble() * 360, spread * Math.Sqrt(random.NextDouble()));
            double radius = random.NextDouble() * 250;
            List<RoadCandidate> expected = Plain(graph, point, radius);
            int count = index.Nearest(point, radius, found);
            Assert.Equal(Math.Min(expected.Count, found.Length), count);
            for (int j = 0; j < count; j++)
            {
                Assert.Equal(expected[j].DistanceMeters, found[j].DistanceMeters, 0.05);
                Assert.Equal(found[j].DistanceMeters, Earth.DistanceMeters(point, found[j].Point), 0.05);
                RoadCandidate same = expected.Single(each => each.Position.Edge == found[j].Position.Edge);
                Assert.Equal(same.Position.Fraction, found[j].Position.Fraction, 0.02);
                Assert.True(Math.Abs(found[j].RightMeters) <= found[j].DistanceMeters + 1e-6);
                Assert.True(j == 0 || found[j - 1].DistanceMeters <= found[j].DistanceMeters);
            }

            Assert.Equal(expected.Count > 0, index.TryNearest(point, null, radius, out RoadCandidate nearest));
            if (expected.Count > 0)
            {
                Assert.Equal(expected[0].DistanceMeters, nearest.DistanceMeters, 0.05);
            }
        }
    }

    private static List<RoadCandidate> Plain(RoadGraph graph, GeoPoint point, double radius)
    {
        var all = new List<RoadCandidate>();
        for (int segment = 0; segment < graph.SegmentCount; segment++)
        {
            if (!graph.Segment(segment).Flags.HasFlag(RoadFlags.Connected) || graph.Segment(segment).Class == RoadClass.Ferry)
            {
                continue;
            }

            double before = 0, along = 0;
            (double Meters, GeoPoint Place) best = (double.PositiveInfinity, default);
            for (int i = 1; i < graph.PointCount(segment); i++)
            {
                GeoPoint a = graph.PointOf(segment, i - 1), b = graph.PointOf(segment, i);
                double scale = Math.Cos(point.LatitudeDegrees * Math.PI / 180);
                double x = East(a) * scale, y = a.LatitudeDegrees - point.LatitudeDegrees;
                double dx = East(b) * scale - x, dy = b.LatitudeDegrees - a.LatitudeDegrees;
                double share = dx == 0 && dy == 0 ? 0 : Math.Clamp(-(x * dx + y * dy) / (dx * dx + dy * dy), 0, 1);
                var place = new GeoPoint(
                    a.LatitudeDegrees + share * dy, Earth.WrapLongitude(point.LongitudeDegrees + (x + share * dx) / scale));
                double meters = Earth.DistanceMeters(point, place);
                if (meters < best.Meters)
                {
                    best = (meters, place);
                    along = before + share * Earth.DistanceMeters(a, b);
                }

                before += Earth.DistanceMeters(a, b);
            }

            for (int edge = 2 * segment; edge <= 2 * segment + 1 && best.Meters <= radius; edge++)
            {
                if (graph.KmhOf(edge) > 0)
                {
                    double fraction = (edge & 1) == 0 ? along / before : 1 - along / before;
                    all.Add(new RoadCandidate(new RoadPosition(edge, fraction), best.Place, best.Meters));
                }
            }
        }

        return [.. all.OrderBy(each => each.DistanceMeters)];

        double East(GeoPoint place) => Earth.WrapLongitude(place.LongitudeDegrees - point.LongitudeDegrees);
    }

    // A two-way street to the east along north = 0, one-way streets to the west 30 m and to the east 60 m north of it.
    private static readonly HandMadeRoads Streets = new HandMadeRoads()
        .Junction('a', 0, 0).Junction('b', 1_000, 0)
        .Junction('c', 0, 30).Junction('d', 1_000, 30)
        .Junction('e', 0, 60).Junction('f', 1_000, 60)
        .Road("ab").Road("dc", oneWay: true).Road("ef", oneWay: true).Road("ace").Road("bdf");

    private static readonly RoadIndex Index = new(Streets.Builder.Build());

    [Theory]
    [InlineData(-5, null, "ab")]
    [InlineData(5, null, "ba")]
    [InlineData(-5, 270.0, "ba")]
    [InlineData(5, 90.0, "ab")]
    [InlineData(20, 80.0, "ab")] // nearer to the street that leads the other way
    [InlineData(20, 280.0, "dc")]
    [InlineData(40, 90.0, "ef")]
    [InlineData(29, 90.0, "ab")] // exactly between the two that agree, but for a metre
    public void The_side_and_the_course_decide(double north, double? course, string road)
    {
        Assert.True(Index.TryNearest(PlainMap.At(500, north), course, 100, out RoadCandidate nearest));
        Assert.Equal(Streets.Edge(road), nearest.Position.Edge);
        Assert.Equal(0.5, nearest.Position.Fraction, 0.001);
    }

    [Fact]
    public void Tells_how_far_to_the_right_the_point_lies()
    {
        var found = new RoadCandidate[2];
        Assert.Equal(2, Index.Nearest(PlainMap.At(500, -5), 10, found));
        Assert.Equal((Streets.Edge("ab"), Streets.Edge("ba")), (found[0].Position.Edge, found[1].Position.Edge));
        Assert.Equal(5, found[0].RightMeters, 0.01);
        Assert.Equal(-5, found[1].RightMeters, 0.01);
        Assert.Equal(found[0].Position.Reversed.Fraction, found[1].Position.Fraction, 1e-9);
    }

    [Fact]
    public void Nobody_gets_in_or_out_in_a_tunnel()
    {
        HandMadeRoads roads = new HandMadeRoads().Junction('a', 0, 0).Junction('b', 500, 0).Junction('c', 0, 80).Junction('d', 500, 80)
            .Road("ab", flags: RoadFlags.Tunnel).Road("acdb");
        var index = new RoadIndex(roads.Builder.Build());
        GeoPoint point = PlainMap.At(250, 5);
        Assert.True(index.TryNearest(point, 90, 100, out RoadCandidate driving));
        Assert.True(index.TryNearest(point, null, 100, out RoadCandidate stopping, mayStop: true));
        Assert.Equal(roads.Edge("ab"), driving.Position.Edge);
        Assert.Equal(roads.Edge("dc"), stopping.Position.Edge ^ 1);
    }

    [Theory]
    [InlineData("highway=trunk", 55, false)]
    [InlineData("highway=trunk", 30, true)]
    [InlineData("highway=primary", 30, false)]
    [InlineData("highway=trunk_link", 70, true)]
    [InlineData("highway=motorway", 70, true)]
    [InlineData("highway=motorway_link", 70, true)]
    [InlineData("highway=trunk motorroad=yes", 70, true)]
    [InlineData("highway=primary motorroad=yes", 70, true)]
    [InlineData("highway=secondary tunnel=yes", 70, true)]
    public void Nobody_gets_in_or_out_where_nobody_may_stop_and_on_a_trunk_road_only_where_no_street_is_near(string tags, double streetNorth, bool isStreet)
    {
        RoadGraph graph = new OsmFileWriter()
            .Node('a', 0, 0).Node('b', 500, 0).Node('c', 0, streetNorth).Node('d', 500, streetNorth)
            .Way(1, "ab", tags + " oneway=no").Way(2, "acdb", "highway=residential").Import().Graph;
        var index = new RoadIndex(graph);
        Assert.True(index.TryNearest(PlainMap.At(250, 1), null, 100, out RoadCandidate stopping, mayStop: true));
        Assert.Equal(isStreet ? 2 : 1, graph.Segment(stopping.Position.Edge >> 1).WayId);
        // A car may be there.
        Assert.True(index.TryNearest(PlainMap.At(250, 1), null, 100, out RoadCandidate driving));
        Assert.Equal(1, graph.Segment(driving.Position.Edge >> 1).WayId);
    }

    [Fact]
    public void Far_away_and_nowhere_there_is_nothing()
    {
        var found = new RoadCandidate[4];
        Assert.Equal(0, Index.Nearest(new GeoPoint(-41, 172), 100_000, found));
        Assert.Equal(0, Index.Nearest(new GeoPoint(double.NaN, 0), 100, found));
        Assert.Equal(0, Index.Nearest(PlainMap.At(500, 0), 100, []));
        Assert.False(Index.TryNearest(PlainMap.At(500, -30_000), null, 29_000, out _));
        Assert.True(Index.TryNearest(PlainMap.At(500, -30_000), null, 31_000, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => Index.Nearest(PlainMap.At(0, 0), double.NaN, found));
        Assert.Equal(0, new RoadIndex(new RoadGraphBuilder().Build()).Nearest(PlainMap.At(0, 0), 100, found));
    }

    [Fact]
    public void A_search_allocates_nothing()
    {
        var found = new RoadCandidate[32];
        GeoPoint point = PlainMap.At(300, 20);
        Search();
        Assert.Equal(0, Allocated.By(() => Search));

        void Search()
        {
            Assert.True(Index.Nearest(point, 100, found) > 0);
            Assert.True(Index.TryNearest(point, 45, 100, out _));
        }
    }
}
