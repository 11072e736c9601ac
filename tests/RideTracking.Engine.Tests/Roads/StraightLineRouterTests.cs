using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Tests.Roads;

public sealed class StraightLineRouterTests
{
    private static readonly GeoPoint Porto = new(41.14961, -8.61099);

    [Fact]
    public void A_route_has_a_leg_for_each_point_and_a_line_through_all()
    {
        var points = new[] { new GeoPoint(41.15961, -8.61099), new GeoPoint(41.15961, -8.60099) };

        var route = new StraightLineRouter(10).Through(RouteStart.Stop(Porto), points);

        Assert.Equal(RouteSource.StraightLine, route.Source);
        Assert.Equal(2, route.Legs.Length);
        // A hundredth of a degree of latitude is 1112 m on a sphere of 6371 km.
        Assert.Equal(1112, route.Legs[0].DistanceMeters, 1.0);
        Assert.Equal(route.Legs[0].DistanceMeters / 10, route.Legs[0].Duration.TotalSeconds, 0.001);
        Assert.Equal([Porto, .. points], EncodedPolyline.Decode(route.EncodedPolyline));
    }

    [Fact]
    public void Standing_at_the_point_takes_no_time()
    {
        var route = new StraightLineRouter(10).Through(RouteStart.Stop(Porto), [Porto]);

        Assert.Equal(new RouteLeg(0, TimeSpan.Zero), route.Legs[0]);
    }

    [Fact]
    public void Times_are_those_of_the_legs()
    {
        var router = new StraightLineRouter(10);
        var places = new[] { Porto, new GeoPoint(41.15961, -8.61099), new GeoPoint(41.15961, -8.60099) };
        var seconds = new double[6];
        router.Times(Array.ConvertAll(places, RouteStart.Stop), places.AsSpan(1), seconds);
        for (var from = 0; from < 3; from++)
        {
            for (var to = 0; to < 2; to++)
            {
                Assert.Equal(router.Through(RouteStart.Stop(places[from]), [places[to + 1]]).Legs[0].Duration.TotalSeconds, seconds[from * 2 + to], 1e-6);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_speed_that_is_none_is_refused(double speed) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new StraightLineRouter(speed));
}
