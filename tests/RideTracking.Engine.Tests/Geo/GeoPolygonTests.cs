using NetTopologySuite.Geometries;
using NetTopologySuite.IO;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Tests.Geo;

public class GeoPolygonTests
{
    [Fact]
    public void Edges_corners_and_the_rim_of_a_hole_belong_to_it_and_the_hole_does_not()
    {
        GeoPolygon polygon = Polygon("POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))");
        Assert.True(polygon.Contains(new(2, 2)));
        Assert.True(polygon.Contains(new(0, 0)));
        Assert.True(polygon.Contains(new(10, 10)));
        Assert.True(polygon.Contains(new(10, 3)));
        Assert.True(polygon.Contains(new(4, 5)));
        Assert.True(polygon.Contains(new(5, 6)));
        Assert.False(polygon.Contains(new(5, 5)));
        Assert.False(polygon.Contains(new(5, 10.000001)));
        Assert.False(polygon.Contains(new(-0.000001, 5)));
        Assert.Equal(new GeoRectangle(0, 0, 10, 10), polygon.Bounds);
    }

    [Theory]
    [InlineData("POLYGON ((179 0, 181 0, 181 2, 179 2, 179 0))")]
    [InlineData("POLYGON ((-181 0, -179 0, -179 2, -181 2, -181 0))")]
    [InlineData("MULTIPOLYGON (((179 0, 180 0, 180 2, 179 2, 179 0)), ((-180 0, -179 0, -179 2, -180 2, -180 0)))")]
    public void It_may_cross_the_antimeridian(string text)
    {
        GeoPolygon polygon = Polygon(text);
        foreach (double inside in (double[])[179, 179.5, 180, -180, -179.5, -179])
        {
            Assert.True(polygon.Contains(new(1, inside)), $"{inside}");
            Assert.True(polygon.Bounds.Contains(new(1, inside)), $"{inside}");
        }

        Assert.False(polygon.Contains(new(1, 178.9)));
        Assert.False(polygon.Contains(new(1, -178.9)));
        Assert.False(polygon.Contains(new(1, 0)));
    }

    [Theory]
    [InlineData("POINT (0 0)", "polygon")]
    [InlineData("POLYGON EMPTY", "polygon")]
    [InlineData("POLYGON ((0 0, 10 0, 10 91, 0 0))", "Latitudes")]
    [InlineData("POLYGON ((-361 0, 10 0, 10 9, -361 0))", "longitudes")]
    [InlineData("POLYGON ((-190 0, 180 0, 10 9, -190 0))", "turn")]
    public void What_is_no_area_on_earth_is_refused(string text, string word) =>
        Assert.Contains(word, Assert.Throws<ArgumentException>(() => Polygon(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_raster_has_a_cell_for_every_place_inside()
    {
        var raster = new GeoRaster(new GeoRectangle(41, 179.9, 41.2, -179.9), 1_000);
        Assert.Equal((23, 17), (raster.Rows, raster.Columns));
        Assert.Equal(0, raster.IndexOf(new(41, 179.9)));
        Assert.Equal(raster.CellCount - 1, raster.IndexOf(new(41.2, -179.9)));
        for (int index = 0; index < raster.CellCount; index++)
        {
            GeoRectangle cell = raster.RectangleOf(index);
            Assert.True(cell.IsValid);
            Assert.Equal(index, raster.IndexOf(new(
                (cell.SouthDegrees + cell.NorthDegrees) / 2, Earth.WrapLongitude(cell.WestDegrees + cell.WidthDegrees / 2))));
        }

        Assert.Equal(1, new GeoRaster(new GeoRectangle(1, 1, 1, 1), 50).CellCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => new GeoRaster(GeoRectangle.World, 1_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GeoRaster(GeoRectangle.World, double.NaN));
    }

    private static GeoPolygon Polygon(string text) => new((Geometry)new WKTReader().Read(text));
}
