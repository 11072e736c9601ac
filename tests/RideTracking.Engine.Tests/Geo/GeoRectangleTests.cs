using CsCheck;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Tests.Geo;

public class GeoRectangleTests
{
    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(-10, -20, true)]
    [InlineData(10, 20, true)]
    [InlineData(10.0001, 0, false)]
    [InlineData(0, 20.0001, false)]
    [InlineData(0, -20.0001, false)]
    [InlineData(double.NaN, 0, false)]
    [InlineData(0, double.NaN, false)]
    public void Contains_its_inside_and_its_edges(double latitude, double longitude, bool inside) =>
        Assert.Equal(inside, new GeoRectangle(-10, -20, 10, 20).Contains(new(latitude, longitude)));

    [Theory]
    [InlineData(179, true)]
    [InlineData(-179, true)]
    [InlineData(180, true)]
    [InlineData(-180, true)]
    [InlineData(0, false)]
    [InlineData(169, false)]
    public void West_above_east_crosses_the_antimeridian(double longitude, bool inside) =>
        Assert.Equal(inside, new GeoRectangle(-1, 170, 1, -170).Contains(new(0, longitude)));

    [Fact]
    public void The_180th_meridian_has_two_names()
    {
        Assert.True(new GeoRectangle(-1, 170, 1, 180).Contains(new(0, -180)));
        Assert.True(new GeoRectangle(-1, -180, 1, -170).Contains(new(0, 180)));
    }

    [Fact]
    public void A_pole_has_every_longitude()
    {
        Assert.True(new GeoRectangle(80, 0, 90, 10).Contains(new(90, 120)));
        Assert.True(new GeoRectangle(-90, 0, -80, 10).Contains(new(-90, 120)));
        Assert.False(new GeoRectangle(80, 0, 89, 10).Contains(new(90, 5)));
    }

    [Fact]
    public void The_world_contains_every_place() =>
        Places.Anywhere.Sample(place => GeoRectangle.World.Contains(place));

    [Fact]
    public void A_rectangle_and_the_rest_of_its_belt_share_only_their_edges() =>
        Gen.Select(Gen.Double[-180, 180], Gen.Double[-180, 180], Gen.Double[-179.9, 179.9]).Sample((west, east, longitude) =>
        {
            bool here = new GeoRectangle(-1, west, 1, east).Contains(new(0, longitude));
            bool there = new GeoRectangle(-1, east, 1, west).Contains(new(0, longitude));
            bool onEdge = longitude == west || longitude == east;
            return west == east ? here == onEdge && there == onEdge : onEdge ? here && there : here != there;
        });

    [Theory]
    [InlineData(1, 0, -1, 0)]
    [InlineData(-91, 0, 0, 0)]
    [InlineData(0, -181, 0, 0)]
    [InlineData(0, 0, double.NaN, 0)]
    [InlineData(0, 0, 0, double.PositiveInfinity)]
    public void What_is_no_rectangle_is_invalid(double south, double west, double north, double east) =>
        Assert.False(new GeoRectangle(south, west, north, east).IsValid);
}
