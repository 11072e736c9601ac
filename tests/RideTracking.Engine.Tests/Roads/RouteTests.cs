using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Tests.Roads;

public sealed class RouteTests
{
    private static readonly GeoPoint[] Points = [new(41.15, -8.61), new(41.16, -8.61), new(41.16, -8.6), new(41.2, -8.6)];

    private static readonly Route Whole = new StraightLineRouter(10).Through(RouteStart.Stop(new GeoPoint(41.14, -8.61)), Points);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_first_legs_have_the_line_as_far_as_they_go(int legs)
    {
        var part = Whole.UpTo(legs);

        Assert.Equal(Whole.Legs[..legs], part.Legs);
        var line = EncodedPolyline.Decode(part.EncodedPolyline);
        Assert.Equal(legs + 1, line.Length);
        Assert.True(Earth.DistanceMeters(Points[legs - 1], line[^1]) < 2);
    }

    [Fact]
    public void All_legs_are_the_way_itself() => Assert.Same(Whole, Whole.UpTo(4));

    [Fact]
    public void Joined_legs_are_as_long_as_their_parts()
    {
        var joined = Whole.Joined([false, true, false, true]);

        Assert.Equal(2, joined.Legs.Length);
        Assert.Equal(Whole.Legs[0].DistanceMeters + Whole.Legs[1].DistanceMeters, joined.Legs[0].DistanceMeters);
        Assert.Equal(Whole.Duration, joined.Duration);
        Assert.Equal(Whole.EncodedPolyline, joined.EncodedPolyline);
    }
}
