using System.Globalization;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

public class ZoneGeometryTests
{
    private const string Square = "[[0,0],[4,0],[4,4],[0,4],[0,0]]";

    [Theory]
    // What is wrong; which polygon, ring and point; and a word of the message.
    [InlineData("{", ZoneGeometryFault.NotGeoJson, null, null, null, "JSON")]
    [InlineData("[]", ZoneGeometryFault.NotGeoJson, null, null, null, "type")]
    [InlineData("""{"type":"Polygon"}""", ZoneGeometryFault.NotGeoJson, null, null, null, "coordinates")]
    [InlineData("""{"type":"Polygon","coordinates":[[[1,"x"]]]}""", ZoneGeometryFault.NotGeoJson, 0, 0, 0, "[longitude, latitude]")]
    [InlineData("""{"type":"Point","coordinates":[1,2]}""", ZoneGeometryFault.NotPolygon, null, null, null, "not a Point")]
    [InlineData("""{"type":"MultiPolygon","coordinates":[]}""", ZoneGeometryFault.Empty, null, null, null, "no polygon")]
    [InlineData("""{"type":"Polygon","coordinates":[]}""", ZoneGeometryFault.Empty, null, null, null, "ring")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[0,0]]]}""", ZoneGeometryFault.TooFewPoints, 0, 0, null, "this one has 3")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4]]]}""", ZoneGeometryFault.RingNotClosed, 0, 0, 3, "longitude 0, latitude 4")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,91],[0,0]]]}""", ZoneGeometryFault.CoordinateOutOfRange, 0, 0, 2, "latitude 91")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[400,0],[4,4],[0,0]]]}""", ZoneGeometryFault.CoordinateOutOfRange, 0, 0, 1, "longitude 400")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,4],[4,0],[0,4],[0,0]]]}""", ZoneGeometryFault.SelfCrossing, 0, 0, 0, "longitude 2, latitude 2")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,90],[0,0]]]}""", ZoneGeometryFault.ContainsPole, 0, 0, 2, "latitude 90")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,80],[120,80],[-120,80],[0,80]]]}""", ZoneGeometryFault.ContainsPole, 0, 0, null, "pole")]
    [InlineData("""{"type":"Polygon","coordinates":[[[0,0],[4,0],[2,0],[0,0]]]}""", ZoneGeometryFault.NoArea, 0, 0, null, "no area")]
    [InlineData("""{"type":"Polygon","coordinates":[[[-180,-80],[180,-80],[180,80],[-180,80],[-180,-80]]]}""", ZoneGeometryFault.NoArea, 0, 0, null, "put points between")]
    public void What_is_wrong_is_told_with_its_place(
        string geoJson, ZoneGeometryFault fault, int? polygon, int? ring, int? point, string word)
    {
        var error = Assert.Throws<ZoneGeometryException>(() => ZoneGeometry.Parse(geoJson, ZoneWorld.Limits));
        Assert.Equal((fault, polygon, ring, point), (error.Fault, error.PolygonIndex, error.RingIndex, error.PointIndex));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[[5,5],[6,5],[6,6],[5,5]]", ZoneGeometryFault.HoleOutsideShell)]
    [InlineData("[[3,3],[6,3],[6,3.5],[3,3]]", ZoneGeometryFault.SelfCrossing)]
    [InlineData("[[0,1],[4,1],[4,3],[0,3],[0,1]]", ZoneGeometryFault.SelfCrossing)]
    public void A_bad_hole_is_named(string hole, ZoneGeometryFault fault)
    {
        var error = Assert.Throws<ZoneGeometryException>(() => ZoneGeometry.Parse(
            $$"""{"type":"Polygon","coordinates":[{{Square}},{{hole}}]}""", ZoneWorld.Limits));
        Assert.Equal(fault, error.Fault);
        Assert.NotNull(error.Place);
        if (fault == ZoneGeometryFault.HoleOutsideShell)
        {
            Assert.Equal(1, error.RingIndex);
        }
    }

    [Fact]
    public void Nested_holes_and_overlapping_polygons_are_named()
    {
        var nested = Assert.Throws<ZoneGeometryException>(() => ZoneGeometry.Parse(
            $$"""{"type":"Polygon","coordinates":[{{Square}},[[1,1],[3,1],[3,3],[1,3],[1,1]],[[1.5,1.5],[2,1.5],[2,2],[1.5,1.5]]]}""",
            ZoneWorld.Limits));
        Assert.Equal(ZoneGeometryFault.HolesOverlap, nested.Fault);
        var overlap = Assert.Throws<ZoneGeometryException>(() => ZoneGeometry.Parse(
            $$"""{"type":"MultiPolygon","coordinates":[[{{Square}}],[[[2,2],[6,2],[6,6],[2,6],[2,2]]]]}""", ZoneWorld.Limits));
        Assert.Equal(ZoneGeometryFault.SelfCrossing, overlap.Fault);
    }

    [Fact]
    public void Limits_are_told_with_what_was_found()
    {
        string geoJson = $$"""{"type":"Polygon","coordinates":[{{Square}}]}""";
        var points = Assert.Throws<ZoneGeometryException>(
            () => ZoneGeometry.Parse(geoJson, new ZoneLimits { MaxPoints = 4 }));
        Assert.Equal((ZoneGeometryFault.TooManyPoints, 4), (points.Fault, points.PointIndex));
        var area = Assert.Throws<ZoneGeometryException>(
            () => ZoneGeometry.Parse(geoJson, new ZoneLimits { MaxAreaSquareMeters = 1e9 }));
        Assert.Equal(ZoneGeometryFault.AreaTooLarge, area.Fault);
        Assert.Contains("1000 km2", area.Message, StringComparison.Ordinal);
        Assert.NotEmpty(new ZoneLimits { MaxPoints = 3 }.Problems());
        Assert.Empty(new ZoneLimits().Problems());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_comb_is_refused_with_the_limit_and_what_was_found(bool eastward)
    {
        string comb = ZoneWorld.Comb(41, -8, 1, teeth: 4_950, eastward);
        var refused = Assert.Throws<ZoneGeometryException>(() => ZoneGeometry.Parse(comb, ZoneWorld.Limits));
        Assert.Equal(ZoneGeometryFault.TooIntricate, refused.Fault);
        Assert.Contains("500 times on the average (MaxCrossings)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("9801 times", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(new ZoneLimits { MaxCrossings = 1 }.Problems());
    }

    [Fact]
    public void A_small_comb_of_slanting_teeth_is_refused_however_large_the_zone_is_besides()
    {
        IEnumerable<string> teeth = Enumerable.Range(0, 9_800).Select(
            i => string.Create(CultureInfo.InvariantCulture, $"[{(i / 2 + (i % 2 == 0 ? 0 : 4_900)) * 1e-6:F6},{(i % 2 == 0 ? 0 : 0.01)}]"));
        string comb = $"[[{string.Join(",", teeth)},[0.0098,-0.001],[-0.001,-0.001],[0,0]]]";
        var refused = Assert.Throws<ZoneGeometryException>(() => ZoneGeometry.Parse(
            $$"""{"type":"MultiPolygon","coordinates":[{{comb}},[[[60,60],[61,60],[61,61],[60,60]]]]}""", ZoneWorld.Limits));
        Assert.Equal(ZoneGeometryFault.TooIntricate, refused.Fault);
        Assert.Contains("500 others on the average (MaxCrossings)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_prepared_of_a_border_grows_with_its_edges_alone()
    {
        ZoneGeometry comb = ZoneGeometry.Parse(
            ZoneWorld.Comb(41, -8, 1, teeth: 4_950), new ZoneLimits { MaxCrossings = 10_000 });
        Assert.InRange(comb.Border.EntryCount, comb.Border.Edges.Length, 8 * comb.Border.Edges.Length);
        // Teeth are 2e-4 degrees apart, and twice as wide at their feet as half way up.
        Assert.True(comb.Contains(new GeoPoint(41.005, -7.5)));
        Assert.True(comb.Contains(new GeoPoint(41.5, -8 + 1.0 / 9_899)));
        Assert.False(comb.Contains(new GeoPoint(41.5, -8 + 2.0 / 9_899)));
    }

    [Fact]
    public void The_area_is_that_of_the_sphere()
    {
        // The quarter of a hemisphere between 0 and 90 degrees of longitude, up to 30 degrees: R^2 * pi/2 * sin(30).
        ZoneGeometry box = ZoneGeometry.Parse(
            """{"type":"Polygon","coordinates":[[[0,0],[90,0],[90,30],[0,30],[0,0]]]}""",
            new ZoneLimits { MaxAreaSquareMeters = 1e15 });
        double expected = Earth.RadiusMeters * Earth.RadiusMeters * Math.PI / 2 * 0.5;
        Assert.Equal(1, box.AreaSquareMeters / expected, 1e-12);
    }

    [Theory]
    // The same box around the antimeridian: by a jump, beyond 180, beyond -180, cut.
    [InlineData("""{"type":"Polygon","coordinates":[[[179,0],[-179,0],[-179,1],[179,1],[179,0]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[179,0],[181,0],[181,1],[179,1],[179,0]]]}""")]
    [InlineData("""{"type":"Polygon","coordinates":[[[-181,0],[-179,0],[-179,1],[-181,1],[-181,0]]]}""")]
    [InlineData("""{"type":"MultiPolygon","coordinates":[[[[179,0],[180,0],[180,1],[179,1],[179,0]]],[[[-180,0],[-179,0],[-179,1],[-180,1],[-180,0]]]]}""")]
    [InlineData("""{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[179,0],[181,0],[181,1],[179,1],[179,0]]]}}""")]
    public void A_zone_crosses_the_antimeridian_in_any_spelling(string geoJson)
    {
        ZoneGeometry zone = ZoneGeometry.Parse(geoJson, ZoneWorld.Limits);
        ZoneGeometry again = ZoneGeometry.Parse(zone.ToGeoJson(), ZoneWorld.Limits);
        Assert.Contains("MultiPolygon", zone.ToGeoJson(), StringComparison.Ordinal);
        foreach (ZoneGeometry each in new[] { zone, again })
        {
            Assert.Equal("Polygon", each.Area.GeometryType);
            Assert.Equal(2, each.Area.Area, 1e-9);
            foreach (double longitude in new[] { 179, 179.5, 180, -180, -179.5, -179 })
            {
                Assert.True(each.Contains(new GeoPoint(0.5, longitude)), $"{longitude}");
            }

            Assert.False(each.Contains(new GeoPoint(0.5, 178.99)));
            Assert.False(each.Contains(new GeoPoint(0.5, -178.99)));
            Assert.False(each.Contains(new GeoPoint(0.5, 0)));
            // The cut is no border.
            Assert.Equal(20_000, each.MetersToBorder(new GeoPoint(0.5, -180), 20_000));
            Assert.Equal(20_000, each.MetersToBorder(new GeoPoint(0.5, 180), 20_000));
        }
    }

    [Fact]
    public void A_belt_around_the_earth_is_a_zone()
    {
        ZoneGeometry belt = ZoneGeometry.Parse(
            """{"type":"Polygon","coordinates":[[[-180,0],[0,0],[180,0],[180,1],[0,1],[-180,1],[-180,0]]]}""",
            new ZoneLimits { MaxAreaSquareMeters = 1e15 });
        Assert.True(belt.Contains(new GeoPoint(0.5, 180)));
        Assert.True(belt.Contains(new GeoPoint(0.5, -180)));
        Assert.True(belt.Contains(new GeoPoint(0.5, 77)));
        Assert.False(belt.Contains(new GeoPoint(1.5, 77)));
    }

    [Fact]
    public void The_distance_to_the_border_counts_holes_and_stops_where_it_is_told()
    {
        ZoneGeometry zone = ZoneWorld.Around(Places.Porto, 100);
        Assert.Equal(100, zone.MetersToBorder(Places.Porto, 1_000), 0.01);
        Assert.Equal(50, zone.MetersToBorder(Places.Porto, 50));
        Assert.Equal(30, zone.MetersToBorder(ZoneWorld.Offset(Places.Porto, 130, 0), 1_000), 0.01);
        Assert.Equal(50, zone.MetersToBorder(ZoneWorld.Offset(Places.Porto, 130, 140), 1_000), 0.01);
        ZoneGeometry ring = ZoneGeometry.Parse(
            $$"""{"type":"Polygon","coordinates":[{{Square}},[[1,1],[3,1],[3,3],[1,3],[1,1]]]}""", ZoneWorld.Limits);
        Assert.Equal(0, ring.MetersToBorder(new GeoPoint(1, 2), 100), 1e-6);
        Assert.True(ring.Contains(new GeoPoint(1, 2)));
        Assert.False(ring.Contains(new GeoPoint(1.001, 2)));
    }

    [Fact]
    public void A_zone_says_which_of_its_parts_is_wrong()
    {
        ZoneGeometry area = ZoneWorld.Around(Places.Porto, 100);
        Assert.Throws<ArgumentException>(() => new Zone(" ", "", ZoneKind.Geofence, 1, area));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Zone("a", "", ZoneKind.Unspecified, 1, area));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Zone("a", "", ZoneKind.Queue, 0, area));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Zone("a", "", ZoneKind.Queue, 1, area, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Zone("a", new string('x', 129), ZoneKind.Queue, 1, area));
    }
}
