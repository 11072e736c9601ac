using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Matching;

namespace RideTracking.Engine.Tests.Roads.Matching;

public class StraightDriveTests
{
    private static readonly MatchingLimits Limits = new();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(15)]
    public void Errors_of_receivers_do_not_add_up(int interval)
    {
        var random = new Random(1);
        Fix[] fixes = [.. Enumerable.Range(0, 600 / interval).Select(i => At(10.0 * interval * i + 4 * random.Normal(), 4 * random.Normal()))];

        double raw = Meters([.. fixes.Select(fix => fix.Point)]), told = Meters(StraightDrive.Places(fixes, Limits));

        Assert.InRange(told, 5_700, 6_300);
        Assert.True(interval > 1 || raw > 6_500);
    }

    [Fact]
    public void Who_stands_drives_nothing()
    {
        var random = new Random(2);
        Fix[] fixes = [.. Enumerable.Range(0, 600).Select(_ => At(3 * random.Normal(), 3 * random.Normal()))];

        Assert.Single(StraightDrive.Places(fixes, Limits));
        Assert.Empty(StraightDrive.Places([], Limits));
    }

    private static double Meters(GeoPoint[] places) => places.Zip(places.Skip(1), Earth.DistanceMeters).Sum();

    private static Fix At(double east, double north) => new Fix { HorizontalAccuracyMeters = 6, SpeedMetersPerSecond = float.NaN }.At(PlainMap.At(east, north));
}
