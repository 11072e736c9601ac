using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>A part of an extract, by an area.</summary>
public class CutTests
{
    // a and b inside, c and d outside.
    private static readonly GeoPolygon West = Box(-10, -500, 150, 500);

    [Fact]
    public void A_road_with_a_point_inside_is_read_as_a_whole_and_others_are_not()
    {
        RoadGraph graph = Import(new OsmFileWriter()
            .Node('a', 0, 0).Node('b', 100, 0).Node('c', 200, 0).Node('d', 300, 0).Node('e', 0, 900)
            .Way(1, "ab", "highway=residential").Way(2, "bcd", "highway=residential").Way(3, "cd", "highway=residential").Way(4, "ed", "highway=residential"), West);

        Assert.NotNull(graph.Way(1));
        Assert.NotNull(graph.Way(2));
        Assert.Null(graph.Way(3));
        Assert.Null(graph.Way(4));
        Assert.Equal(300, Enumerable.Range(0, graph.SegmentCount).Sum(segment => graph.Segment(segment).LengthCentimeters / 100.0), 0.5);
    }

    [Fact]
    public void Restrictions_elsewhere_are_not_told_and_those_at_the_edge_are()
    {
        RoadImport import = OsmImporter.Import(
            new MemoryStream(new OsmFileWriter()
                .Node('a', 0, 0).Node('b', 100, 0).Node('c', 200, 0).Node('d', 300, 0).Node('e', 300, 100).Node('f', 100, 100)
                .Way(1, "ab", "highway=residential").Way(2, "bf", "highway=residential").Way(3, "cd", "highway=residential").Way(4, "de", "highway=residential").Way(5, "bc", "highway=residential")
                .Restriction("no_left_turn", "way 1 from", "node b via", "way 2 to")
                .Restriction("no_left_turn", "way 5 from", "node c via", "way 3 to")
                .Restriction("no_left_turn", "way 3 from", "node d via", "way 4 to").ToBytes()),
            cutTo: West, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal((2, 1), (import.Report.Restrictions, import.Report.RestrictionsApplied));
        Assert.Equal(1, import.Report.RestrictionsIgnored.Values.Sum());
    }

    [Fact]
    public void Nodes_in_any_order_are_found()
    {
        RoadGraph graph = Import(new OsmFileWriter { Dense = false }
            .Node('d', 300, 0).Node('b', 100, 0).Node('c', 200, 0).Node('a', 0, 0)
            .Way(1, "ab", "highway=residential").Way(3, "cd", "highway=residential"), West);
        Assert.NotNull(graph.Way(1));
        Assert.Null(graph.Way(3));
    }

    [Fact]
    public void An_area_without_roads_is_told() => Assert.Contains(
        "in the area that it is cut to",
        Assert.Throws<RoadFileException>(() => Import(
            new OsmFileWriter().Node('a', 9_000, 0).Node('b', 9_100, 0).Way(1, "ab", "highway=residential"), West)).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("monaco/monaco.osm.pbf", 43.737, 7.421, 0.006)]
    [InlineData("porto/porto_portugal.osm.pbf", 41.15, -8.62, 0.02)]
    public void Of_a_real_extract_it_is_the_roads_that_have_a_point_inside(string file, double latitude, double longitude, double degrees)
    {
        string? path = SharedData.Find(file);
        Assert.SkipWhen(path is null, "The extract is not beside the repository.");
        var area = new GeoPolygon(new GeometryFactory().CreatePolygon(
        [
            new(longitude - degrees, latitude), new(longitude, latitude - degrees), new(longitude + degrees, latitude + degrees), new(longitude - degrees, latitude),
        ]));
        RoadGraph whole = (file.StartsWith("porto", StringComparison.Ordinal) ? SharedData.Porto! : SharedData.Import(path)).Graph;
        using FileStream extract = File.OpenRead(path);
        RoadGraph cut = OsmImporter.Import(extract, cutTo: area, cancellation: TestContext.Current.CancellationToken).Graph;

        Assert.Equal(Ways(whole, segment => Enumerable.Range(0, whole.PointCount(segment)).Any(i => area.Contains(whole.PointOf(segment, i)))), Ways(cut, _ => true));
        Assert.InRange(cut.SegmentCount, 100, whole.SegmentCount / 2);

        static List<long> Ways(RoadGraph graph, Func<int, bool> isMeant) =>
            [.. Enumerable.Range(0, graph.SegmentCount).Where(isMeant).Select(segment => graph.Segment(segment).WayId).Distinct().Order()];
    }

    [Fact]
    public void Another_area_is_another_source()
    {
        var file = new MemoryStream([1, 2, 3]);
        RoadSource[] sources = [RoadSource.Of(file), RoadSource.Of(file, cutTo: "a"), RoadSource.Of(file, cutTo: "b"), RoadSource.Of(file, RoadUser.Taxi, "b")];
        Assert.Equal(4, sources.Distinct().Count());
        Assert.Equal(sources[2], RoadSource.Of(file, cutTo: "b"));
    }

    private static RoadGraph Import(OsmFileWriter file, GeoPolygon area) =>
        OsmImporter.Import(new MemoryStream(file.ToBytes()), cutTo: area, cancellation: TestContext.Current.CancellationToken).Graph;

    private static GeoPolygon Box(double west, double south, double east, double north) => new(new GeometryFactory().CreatePolygon(
        [.. new[] { (west, south), (east, south), (east, north), (west, north), (west, south) }
            .Select(corner => PlainMap.At(corner.Item1, corner.Item2)).Select(at => new Coordinate(at.LongitudeDegrees, at.LatitudeDegrees))]));
}
