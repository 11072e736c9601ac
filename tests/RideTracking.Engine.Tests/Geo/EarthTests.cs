using CsCheck;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Tests.Geo;

public class EarthTests
{
    [Theory]
    // Reference values: parts of a great circle of 40,030,228.9 m, and the spherical law of cosines.
    [InlineData(0, 0, 0, 90, 10_007_557.22)]
    [InlineData(0, 0, 0, 180, 20_015_114.44)]
    [InlineData(90, 0, -90, 0, 20_015_114.44)]
    [InlineData(90, 12, 90, -170, 0)]
    [InlineData(0, 179.5, 0, -179.5, 111_195.08)]
    [InlineData(38.7223, -9.1393, 41.1579, -8.6291, 274_295.88)] // Lisbon to Porto, by the spherical law of cosines
    public void Distance_is_that_of_the_great_circle(
        double latitudeA, double longitudeA, double latitudeB, double longitudeB, double meters)
    {
        double distance = Earth.DistanceMeters(new(latitudeA, longitudeA), new(latitudeB, longitudeB));
        Assert.Equal(meters, distance, 0.01);
    }

    [Theory]
    [InlineData(0, 0, 10, 0, 0)]
    [InlineData(0, 0, 0, 10, 90)]
    [InlineData(10, 0, 0, 0, 180)]
    [InlineData(0, 0, 0, -10, 270)]
    [InlineData(0, 179, 0, -179, 90)]
    public void Bearing_is_clockwise_from_north(
        double latitudeA, double longitudeA, double latitudeB, double longitudeB, double degrees) =>
        Assert.Equal(degrees, Earth.BearingDegrees(new(latitudeA, longitudeA), new(latitudeB, longitudeB)), 9);

    [Fact]
    public void Going_a_distance_with_a_bearing_arrives_at_that_distance_and_bearing() =>
        Gen.Select(Places.Anywhere, Gen.Double[0, 359.999], Gen.Double[1, 9_000_000]).Sample((from, bearing, distance) =>
        {
            GeoPoint to = Earth.Destination(from, bearing, distance);
            Assert.True(to.IsValid, $"{to}");
            Assert.Equal(distance, Earth.DistanceMeters(from, to), 0.02);
            if (Math.Abs(from.LatitudeDegrees) < 89 && distance > 100)
            {
                double turn = Math.Abs(Earth.BearingDegrees(from, to) - bearing);
                Assert.Equal(0, Math.Min(turn, 360 - turn), 1e-4);
            }
        });

    [Fact]
    public void A_short_distance_is_as_exact_as_a_long_one() =>
        Gen.Select(Places.Anywhere, Gen.Double[-0.0099, 0.0099], Gen.Double[-0.0099, 0.0099]).Sample((from, latitude, longitude) =>
        {
            var to = new GeoPoint(Math.Clamp(from.LatitudeDegrees + latitude, -90, 90), from.LongitudeDegrees + longitude);
            // By the same formula, without what is spared.
            double halfLatitude = Math.Sin((to.LatitudeDegrees - from.LatitudeDegrees) * Math.PI / 360), halfLongitude = Math.Sin((to.LongitudeDegrees - from.LongitudeDegrees) * Math.PI / 360);
            double haversine = halfLatitude * halfLatitude
                + Math.Cos(from.LatitudeDegrees * Math.PI / 180) * Math.Cos(to.LatitudeDegrees * Math.PI / 180) * halfLongitude * halfLongitude;
            Assert.Equal(2 * Earth.RadiusMeters * Math.Asin(Math.Sqrt(haversine)), Earth.DistanceMeters(from, to), 1e-6);
        });

    [Fact]
    public void A_bearing_is_always_from_0_to_below_360() =>
        Gen.Select(Places.Anywhere, Places.Anywhere).Sample((from, to) =>
            Earth.BearingDegrees(from, to) is >= 0 and < 360);

    [Fact]
    public void A_wrapped_longitude_is_the_same_meridian() =>
        Gen.Double[-2000, 2000].Sample(longitude =>
        {
            double wrapped = Earth.WrapLongitude(longitude);
            Assert.InRange(wrapped, -180, 180);
            Assert.Equal(0, Earth.DistanceMeters(new(0, longitude), new(0, wrapped)), 0.001);
        });

    [Fact]
    public void The_searchs_haversine_agrees_with_the_distance() =>
        Gen.Select(Places.Anywhere, Gen.Double[0, 359], Gen.OneOf(Gen.Double[0, 3_000], Gen.Double[0, 20_000_000])).Sample(
            (center, bearing, distance) =>
            {
                GeoPoint to = Earth.Destination(center, bearing, distance);
                int latitudeE7 = (int)Math.Round(to.LatitudeDegrees * 1e7), longitudeE7 = (int)Math.Round(to.LongitudeDegrees * 1e7);
                double exact = Earth.DistanceMeters(center, GeoPoint.FromE7(latitudeE7, longitudeE7));
                double fast = Earth.DistanceOfHaversine(new HaversineFrom(center).To(latitudeE7, longitudeE7));
                // Near the antipode the haversine is near 1 and a metre vanishes in rounding: there 0.1 m, else 1 mm.
                Assert.Equal(exact, fast, exact > 19_000_000 ? 0.5 : 0.001);
            });
}
