using RideTracking.Engine.Geo;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>Ways past and through a box-shaped zone that is longer than wide, driven with a phone's errors.</summary>
/// <param name="WidthMeters">North to south.</param>
/// <param name="SpeedMetersPerSecond">All the way.</param>
/// <param name="IntervalSeconds">Between two fixes.</param>
/// <param name="AccuracyMeters">Of each fix, a 68 % radius; NaN when the phone tells none, and it is 10.</param>
internal sealed record PassageDrive(double WidthMeters, double SpeedMetersPerSecond, double IntervalSeconds, float AccuracyMeters)
{
    public const double LeastLengthMeters = 163;

    private const double RunUpMeters = 250;
    private const double ToldAccuracyMissing = 10;

    public double LengthMeters => Math.Max(LeastLengthMeters, WidthMeters);

    private double NoiseMeters => float.IsNaN(AccuracyMeters) ? ToldAccuracyMissing : AccuracyMeters;

    private Zone Box
    {
        get
        {
            GeoPoint southWest = ZoneWorld.Offset(Places.Porto, -LengthMeters / 2, -WidthMeters / 2);
            GeoPoint northEast = ZoneWorld.Offset(Places.Porto, LengthMeters / 2, WidthMeters / 2);
            return ZoneWorld.Named("z", ZoneWorld.Box(
                southWest.LatitudeDegrees, southWest.LongitudeDegrees, northEast.LatitudeDegrees, northEast.LongitudeDegrees));
        }
    }

    /// <summary>In at one of the short sides, along the middle, out at the other.</summary>
    public Outcome Lengthwise(Random random) => Through(LengthMeters / 2, meters => (meters, 0), random);

    /// <summary>In at one of the long sides, out at the other.</summary>
    public Outcome Across(Random random) => Through(WidthMeters / 2, meters => (0, meters), random);

    /// <summary>Along a long side, outside, as far off as a fix may be wrong: never inside.</summary>
    public Outcome Beside(Random random)
    {
        double north = WidthMeters / 2 + NoiseMeters * random.NextDouble();
        return Drive(LengthMeters / 2, meters => (meters, north), random);
    }

    /// <summary>Along a long side and round the corner along a short one, outside: never inside.</summary>
    public Outcome AroundCorner(Random random)
    {
        double off = 3 + NoiseMeters * random.NextDouble();
        return Drive(0, meters => meters < 0
            ? (LengthMeters / 2 + off + meters, WidthMeters / 2 + off)
            : (LengthMeters / 2 + off, WidthMeters / 2 + off - meters), random);
    }

    private Outcome Through(double half, Func<double, (double East, double North)> way, Random random)
    {
        Outcome told = Drive(half, way, random);
        double secondsAtMiddle = (RunUpMeters + half) / SpeedMetersPerSecond;
        double off = IntervalSeconds + 2 * NoiseMeters / SpeedMetersPerSecond;
        return told with
        {
            IsInTime = told.IsWhole
                && Math.Abs(told.Enter - (secondsAtMiddle - half / SpeedMetersPerSecond)) <= off
                && Math.Abs(told.Exit - (secondsAtMiddle + half / SpeedMetersPerSecond)) <= off,
        };
    }

    private Outcome Drive(double half, Func<double, (double East, double North)> way, Random random)
    {
        Zone zone = Box;
        var driver = new TrackedDriver(ZoneSet.Of([zone]));
        double end = 2 * (half + RunUpMeters) / SpeedMetersPerSecond;
        double margin = Math.Min(2 * NoiseMeters, 50);
        bool wasClearBehind = false, late = false;
        for (double seconds = IntervalSeconds * random.NextDouble(); seconds <= end; seconds += IntervalSeconds)
        {
            double meters = seconds * SpeedMetersPerSecond - half - RunUpMeters;
            (double east, double north) = way(meters);
            (double noiseEast, double noiseNorth) = Noise(NoiseMeters, random);
            GeoPoint place = ZoneWorld.Offset(Places.Porto, east + noiseEast, north + noiseNorth);
            bool isTold = driver.Events.Count > 0;
            driver.At(seconds, place, AccuracyMeters, Engine.Ingest.FixOutcome.Accepted);
            late |= wasClearBehind && !isTold && driver.Events.Count > 0;
            wasClearBehind |= meters > half && zone.Geometry.MetersToBorder(place, margin) >= margin;
        }

        bool isWhole = driver.Events.Count == 2 && driver.Events[1].Kind == ZoneEventKind.Exit;
        return new Outcome(
            driver.Events.Count, isWhole, late,
            isWhole ? SecondsOf(driver.Events[0]) : double.NaN, isWhole ? SecondsOf(driver.Events[1]) : double.NaN);
    }

    /// <summary>Metres east and north by which a fix of an accuracy is wrong.</summary>
    public static (double East, double North) Noise(double accuracyMeters, Random random)
    {
        // 68 % of a two-dimensional normal distribution lie within 1.51 standard deviations.
        double radius = accuracyMeters / 1.51 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
        (double sin, double cos) = Math.SinCos(2 * Math.PI * random.NextDouble());
        return (radius * cos, radius * sin);
    }

    private static double SecondsOf(ZoneEvent told) => (told.HappenedAtUnixMs - TrackedDriver.Ms(0)) / 1_000.0;

    /// <summary>What was told of a drive.</summary>
    /// <param name="EventCount">Enters and exits.</param>
    /// <param name="IsWhole">One enter and then one exit.</param>
    /// <param name="IsLate">The first came after the driver was clear behind the zone.</param>
    /// <param name="Enter">In seconds.</param>
    /// <param name="Exit">In seconds.</param>
    /// <param name="IsInTime">Both times are right to an interval and what the errors make of them.</param>
    internal readonly record struct Outcome(
        int EventCount, bool IsWhole, bool IsLate, double Enter, double Exit, bool IsInTime = false);
}
