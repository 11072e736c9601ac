namespace RideTracking.Client.Tests;

public sealed class LocationReadingTests
{
    private static readonly DateTimeOffset _time = DateTimeOffset.FromUnixTimeMilliseconds(1_372_636_853_123);

    [Fact]
    public void Everything_is_scaled_to_the_units_of_the_contract()
    {
        var fix = new LocationReading(_time, 41.140746, -8.610291)
        {
            HorizontalAccuracyMeters = 4.56,
            CourseDegrees = 271.234,
            SpeedMetersPerSecond = 13.889,
            AltitudeMeters = -3.21,
            IsMock = true,
        }.ToFix();

        Assert.Equal(1_372_636_853_123, fix.SensorTimeUnixMs);
        Assert.Equal(411_407_460, fix.LatitudeE7);
        Assert.Equal(-86_102_910, fix.LongitudeE7);
        Assert.Equal(46u, fix.HorizontalAccuracyDecimeters);
        Assert.Equal(27_123u, fix.CourseCentidegrees);
        Assert.Equal(1_389u, fix.SpeedCentimetersPerSecond);
        Assert.Equal(-32, fix.AltitudeDecimeters);
        Assert.True(fix.IsMock);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(215)]
    [InlineData(-215)]
    [InlineData(1e300)]
    public void A_coordinate_that_the_contract_cannot_carry_is_sent_as_an_impossible_one(double degrees)
    {
        Assert.Equal(int.MinValue, new LocationReading(_time, degrees, 0).ToFix().LatitudeE7);
        Assert.Equal(int.MinValue, new LocationReading(_time, 0, degrees).ToFix().LongitudeE7);
    }

    [Theory]
    [InlineData(91, 910_000_000)]
    [InlineData(-181, -1_810_000_000)]
    public void A_coordinate_out_of_range_goes_to_the_gate_as_it_is(double degrees, int e7) =>
        Assert.Equal(e7, new LocationReading(_time, 0, degrees).ToFix().LongitudeE7);

    [Theory]
    [InlineData(-1, 35_900u)]
    [InlineData(359.999, 0u)]
    [InlineData(720.5, 50u)]
    public void A_course_is_brought_into_its_range(double degrees, uint centidegrees) =>
        Assert.Equal(centidegrees, new LocationReading(_time, 0, 0) { CourseDegrees = degrees }.ToFix().CourseCentidegrees);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    public void What_the_sensor_does_not_know_is_absent(double unknown)
    {
        var fix = new LocationReading(_time, 0, 0)
        {
            HorizontalAccuracyMeters = unknown,
            SpeedMetersPerSecond = unknown,
            CourseDegrees = double.NaN,
            AltitudeMeters = double.NaN,
        }.ToFix();
        Assert.False(fix.HasHorizontalAccuracyDecimeters);
        Assert.False(fix.HasSpeedCentimetersPerSecond);
        Assert.False(fix.HasCourseCentidegrees);
        Assert.False(fix.HasAltitudeDecimeters);
    }
}
