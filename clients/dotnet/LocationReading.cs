using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>
/// What the phone's position sensor said once. Values that the contract cannot carry are not hidden: a coordinate that
/// is not a number or lies beyond ±214 degrees is sent as the impossible <see cref="int.MinValue"/>, so that the
/// server's gate rejects and counts it where operators look.
/// </summary>
/// <param name="SensorTime">When the sensor took the reading, by the phone's own clock.</param>
/// <param name="LatitudeDegrees">WGS 84, -90 to 90.</param>
/// <param name="LongitudeDegrees">WGS 84, -180 to 180.</param>
public readonly record struct LocationReading(DateTimeOffset SensorTime, double LatitudeDegrees, double LongitudeDegrees)
{
    /// <summary>Radius of the circle that holds the true position with 68 % probability, in metres; null when unknown.</summary>
    public double? HorizontalAccuracyMeters { get; init; }

    /// <summary>Direction of movement over ground, clockwise from true north; null when unknown, for instance at rest.</summary>
    public double? CourseDegrees { get; init; }

    /// <summary>Speed over ground, 0 or more; null when unknown.</summary>
    public double? SpeedMetersPerSecond { get; init; }

    /// <summary>Height above the WGS 84 ellipsoid; null when unknown.</summary>
    public double? AltitudeMeters { get; init; }

    /// <summary>The operating system says that the position was made up by an app.</summary>
    public bool IsMock { get; init; }

    internal Fix ToFix()
    {
        var fix = new Fix
        {
            SensorTimeUnixMs = SensorTime.ToUnixTimeMilliseconds(),
            LatitudeE7 = ToE7(LatitudeDegrees),
            LongitudeE7 = ToE7(LongitudeDegrees),
            IsMock = IsMock,
        };
        if (HorizontalAccuracyMeters is >= 0 and var accuracy)
            fix.HorizontalAccuracyDecimeters = ToUInt32(accuracy * 10);
        if (CourseDegrees is { } course && double.IsFinite(course))
            fix.CourseCentidegrees = (uint)(Math.Round((course % 360 + 360) % 360 * 100) % 36_000);
        if (SpeedMetersPerSecond is >= 0 and var speed)
            fix.SpeedCentimetersPerSecond = ToUInt32(speed * 100);
        if (AltitudeMeters is { } altitude && double.IsFinite(altitude))
            fix.AltitudeDecimeters = (int)Math.Clamp(Math.Round(altitude * 10), int.MinValue, int.MaxValue);
        return fix;
    }

    private static int ToE7(double degrees)
    {
        var scaled = Math.Round(degrees * 1e7);
        return scaled is > int.MinValue and <= int.MaxValue ? (int)scaled : int.MinValue;
    }

    private static uint ToUInt32(double value) => (uint)Math.Min(Math.Round(value), uint.MaxValue);
}
