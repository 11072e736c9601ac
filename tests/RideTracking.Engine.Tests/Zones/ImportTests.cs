using CsCheck;
using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>GeoJSON as drawing tools export it, and its way through the store and back.</summary>
public class ImportTests
{
    private const string Ring = "[[0,0],[4,0],[4,4],[0,4],[0,0]]";
    private const string Square = $$"""{"type":"Polygon","coordinates":[{{Ring}}]}""";
    private const string East = """{"type":"Polygon","coordinates":[[[4,0],[8,0],[8,4],[4,4],[4,0]]]}""";

    [Theory]
    // The same square of 16 square degrees.
    [InlineData("\uFEFF" + Square)]
    [InlineData("\uFEFF \r\n" + Square)]
    [InlineData($$"""{"type":"Feature","id":7,"properties":null,"geometry":{{Square}} }""")]
    [InlineData($$"""{"type":"FeatureCollection","name":"q","features":[{"type":"Feature","properties":{},"geometry":{{Square}} }]}""")]
    [InlineData($$"""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null},{"type":"Feature","geometry":{{Square}} }]}""")]
    [InlineData($$"""{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{{Square}}]}]}""")]
    [InlineData($$"""{"type":"Polygon","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"} },"coordinates":[{{Ring}}]}""")]
    [InlineData($$"""{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4326"} },"features":[{"type":"Feature","geometry":{{Square}} }]}""")]
    [InlineData($$"""{"type":"Feature","crs":{"type":"name","properties":{"name":"EPSG:4326"} },"geometry":{{Square}} }""")]
    [InlineData($$"""{"type":"Polygon","crs":null,"coordinates":[{{Ring}}]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0,11.5],[4,0,11.5,3],[4,4,0],[0,4,0],[0,0,12]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[0,4],[4,4],[4,0],[0,0]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[3e-9,-2e-9]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[5e-7,0]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[0,0],[4,0],[4,1e-9],[4,4],[4,4],[0,4],[0,0],[0,0]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[6,0],[4,0],[4,4],[0,4],[0,0]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,5],[4,4],[0,4],[0,0]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[-3,0],[0,0],[4,0],[4,4],[0,4],[0,0],[-3,0]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[5,1],[6,1],[5,1],[4,0],[4,4],[0,4],[0,0]]]}""")]
    [InlineData($$"""{"type":"Polygon","coordinates":[{{Ring}},[[1,1],[2,2],[1,1],[1,1]]]}""")]
    public void What_tools_write_is_understood(string geoJson)
    {
        ZoneGeometry zone = ZoneGeometry.Parse(geoJson, ZoneWorld.Limits);
        Assert.Equal((16.0, 5), (zone.Area.Area, zone.PointCount));
        Assert.Equal(zone.Area, ZoneGeometry.Parse(ZoneGeometry.ToKeep(geoJson, ZoneWorld.Limits), ZoneWorld.Limits).Area);
    }

    [Theory]
    [InlineData($$"""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{{Square}} },{"type":"Feature","geometry":{{East}} }]}""")]
    [InlineData($$"""{"type":"GeometryCollection","geometries":[{{Square}},{{East}}]}""")]
    [InlineData($$"""{"type":"MultiPolygon","coordinates":[[{{Ring}}],[[[4,0],[8,0],[8,4],[4,4],[4,0]]]]}""")]
    public void Districts_that_share_an_edge_are_one_area_without_a_border_between(string geoJson)
    {
        ZoneGeometry zone = ZoneGeometry.Parse(geoJson, ZoneWorld.Limits);
        Assert.Equal(("Polygon", 32.0), (zone.Area.GeometryType, zone.Area.Area));
        Assert.Equal(10_000, zone.MetersToBorder(new GeoPoint(2, 4), 10_000));
    }

    [Fact]
    public void Districts_that_share_a_point_stay_two()
    {
        ZoneGeometry zone = ZoneGeometry.Parse(
            $$"""{"type":"MultiPolygon","coordinates":[[{{Ring}}],[[[4,4],[8,4],[8,8],[4,8],[4,4]]]]}""", ZoneWorld.Limits);
        Assert.Equal((2, 32.0), (zone.Area.NumGeometries, zone.Area.Area));
    }

    [Fact]
    public void Between_rounded_districts_there_is_no_hairline() => Gen.Select(Gen.Int[0, 1 << 20], Gen.Int[2, 9]).Sample((seed, cuts) =>
    {
        // A slanting edge from (0, 0) to (1, 1.37), which the other side has points on: rounded, they lie beside it.
        var random = new Random(seed);
        string points = string.Concat(Enumerable.Range(0, cuts).Select(_ => random.NextDouble()).Order()
            .Select(share => FormattableString.Invariant($",[{share:F9},{share * 1.37:F9}]")));
        ZoneGeometry zone = ZoneGeometry.Parse(
            $$"""{"type":"MultiPolygon","coordinates":[[[[0,0],[1,1.37],[0,1.37],[0,0]]],[[[0,0]{{points}},[1,1.37],[1,0],[0,0]]]]}""", ZoneWorld.Limits);
        Assert.Equal("Polygon", zone.Area.GeometryType);
        Assert.Empty(((Polygon)zone.Area).Holes);
    }, iter: 200);

    [Theory]
    [InlineData("""{"type":"FeatureCollection","features":[]}""", ZoneGeometryFault.Empty, null, null, "no polygon")]
    [InlineData("""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null}]}""", ZoneGeometryFault.Empty, null, null, "no polygon")]
    [InlineData("""{"type":"FeatureCollection"}""", ZoneGeometryFault.NotGeoJson, null, null, "has no features")]
    [InlineData("""{"type":"Feature","geometry":null}""", ZoneGeometryFault.NotGeoJson, null, null, "no geometry")]
    [InlineData($$"""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{{Square}} },{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]} }]}""", ZoneGeometryFault.NotPolygon, 1, null, "not a Point: take it out. At feature 1.")]
    [InlineData($$"""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{{Square}} },{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[9,9],[10,9],[10,10],[9,10]]]} }]}""", ZoneGeometryFault.RingNotClosed, 1, 0, "At feature 1, polygon 0, ring 0 (the shell), point 3")]
    [InlineData($$"""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{{Square}} },{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[3,3],[5,3],[5,5],[3,5],[3,3]]]} }]}""", ZoneGeometryFault.SelfCrossing, 1, 0, "overlap, this one and feature 0, polygon 0")]
    [InlineData($$"""{"type":"Polygon","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"} },"coordinates":[{{Ring}}]}""", ZoneGeometryFault.OtherReferenceSystem, null, null, "EPSG::3857 (crs); export them as longitude and latitude, WGS 84 (EPSG:4326)")]
    [InlineData($$"""{"type":"Polygon","crs":"mine","coordinates":[{{Ring}}]}""", ZoneGeometryFault.OtherReferenceSystem, null, null, "mine")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,0],[0,0],[0,0]]]}""", ZoneGeometryFault.NoArea, null, 0, "no area")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[1e-8,0],[1e-8,1e-8],[0,0]]]}""", ZoneGeometryFault.NoArea, null, 0, "no area")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,80],[90,80],[180,89.99999999],[0,80]]]}""", ZoneGeometryFault.ContainsPole, null, 0, "touch it")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0],[4,0],[4,4],[0,0]]]}""", ZoneGeometryFault.NotGeoJson, null, 0, "point 0")]
    public void What_is_refused_says_what_to_mend_and_where(
        string geoJson, ZoneGeometryFault fault, int? feature, int? polygon, string word)
    {
        var error = Assert.Throws<ZoneGeometryException>(() => ZoneGeometry.Parse(geoJson, ZoneWorld.Limits));
        Assert.Equal((fault, feature, polygon), (error.Fault, error.FeatureIndex, error.PolygonIndex));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[[179,0],[179.99999999999997,0],[179.99999999999997,1],[179,1],[179,0]]", "[[179,0],[180,0],[180,1],[179,1],[179,0]]")]
    [InlineData("[[179,0],[180.00000000000003,0],[180,1],[179,1],[179,0]]", "[[179,0],[180,0],[180,1],[179,1],[179,0]]")]
    [InlineData("[[-179,0],[-179,1],[-180.00000001,1],[-180,0],[-179,0]]", "[[-179,0],[-179,1],[-180,1],[-180,0],[-179,0]]")]
    [InlineData("[[-0.0,0],[1,-0.0],[1,1],[-1e-9,1],[0,0]]", "[[0,0],[1,0],[1,1],[0,1],[0,0]]")]
    [InlineData("[[179,0],[180,0],[-180,0],[-180,1],[180,1],[179,1],[179,0]]", "[[179,0],[180,0],[180,1],[179,1],[179,0]]")]
    [InlineData("[[180,0],[180,1],[179,1],[-180,0]]", "[[180,0],[180,1],[179,1],[180,0]]")]
    public void A_point_at_the_antimeridian_or_at_zero_is_where_it_was_meant(string given, string meant)
    {
        ZoneGeometry zone = ZoneGeometry.Parse($$"""{"type":"Polygon","coordinates":[{{given}}]}""", ZoneWorld.Limits);
        ZoneGeometry same = ZoneGeometry.Parse($$"""{"type":"Polygon","coordinates":[{{meant}}]}""", ZoneWorld.Limits);
        Assert.Equal(same.Area.Normalized(), zone.Area.Normalized());
        Assert.Equal(zone.ToGeoJson(), ZoneGeometry.Parse(zone.ToGeoJson(), ZoneWorld.Limits).ToGeoJson());
        Assert.DoesNotContain("-0,", zone.ToGeoJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_point_of_a_zone_survives_the_store() =>
        Gen.Select(ZoneWorld.Center, Gen.Double[-7, -0.1], Gen.Bool, Gen.Int[0, 1 << 20]).Sample((center, size, withHole, seed) =>
        {
            ZoneGeometry given = ZoneWorld.Star(center, Math.Pow(10, Math.Max(size, -4)), new Random(seed), withHole);
            ZoneGeometry again = ZoneGeometry.Parse(given.ToGeoJson(), ZoneWorld.Limits);
            var kept = again.Area.Coordinates.Select(OnEarth).ToHashSet();
            Assert.All(given.Area.Coordinates.Select(OnEarth), point => Assert.Contains(point, kept));
            // From then on nothing changes at all: what the cut adds is on the grid, too.
            Assert.Equal(again.ToGeoJson(), ZoneGeometry.Parse(again.ToGeoJson(), ZoneWorld.Limits).ToGeoJson());
            Assert.All(again.Area.Coordinates, point => Assert.Equal(
                (Math.Round(point.X * 1e7) / 1e7, Math.Round(point.Y * 1e7) / 1e7), (point.X, point.Y)));

            static (long, long) OnEarth(Coordinate point)
            {
                long longitude = (long)Math.Round(point.X * 1e7);
                return (longitude >= 1_800_000_000 ? longitude - 3_600_000_000 : longitude, (long)Math.Round(point.Y * 1e7));
            }
        }, iter: 300);
}
