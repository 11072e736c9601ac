using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Protocol;

/// <summary>Where something was by its last fix, and how old that is.</summary>
internal static class Positions
{
    /// <summary>When the fix was taken, by the server's clock.</summary>
    public static DateTimeOffset FixedAt(this in Fix fix) => DateTimeOffset.FromUnixTimeMilliseconds(fix.FixedAtUnixMs);

    /// <summary>How old the fix is.</summary>
    public static TimeSpan AgeAt(this in Fix fix, DateTimeOffset now) => Age(fix.FixedAtUnixMs, now);

    /// <summary>How old a fix is that was taken at a time (ms), by the server's clock. Never negative: phones' clocks may be a little ahead.</summary>
    public static TimeSpan Age(long fixedAtUnixMs, DateTimeOffset now)
    {
        var age = now - DateTimeOffset.FromUnixTimeMilliseconds(fixedAtUnixMs);
        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }

    /// <summary>The fix as it is told: course and speed where the phone knew them.</summary>
    public static V1.VehiclePosition ToPosition(this in Fix fix, DateTimeOffset now)
    {
        var position = new V1.VehiclePosition
        {
            Location = fix.Point.ToLatLng(),
            FixedAt = fix.FixedAt().ToTimestamp(),
            Age = fix.AgeAt(now).ToDuration(),
        };
        if (float.IsFinite(fix.CourseDegrees))
        {
            position.CourseDegrees = fix.CourseDegrees;
        }

        if (float.IsFinite(fix.SpeedMetersPerSecond))
        {
            position.SpeedMetersPerSecond = fix.SpeedMetersPerSecond;
        }

        return position;
    }
}
