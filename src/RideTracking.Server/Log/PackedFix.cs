using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>
/// A fix in about 30 bytes: a byte of what is known, sequence, times, coordinates, then the known rest, rounded to what
/// the wire carries (decimetres, hundredths of a degree, centimetres per second).
/// </summary>
internal static class PackedFix
{
    /// <summary>No fix takes more.</summary>
    public const int MaxBytes = 1 + 10 + 10 + 10 + 8 + (4 * 10);

    [Flags]
    private enum Known : byte
    {
        Accuracy = 1,
        Course = 2,
        Speed = 4,
        Altitude = 8,
        Mock = 16,
        Parked = 32,
    }

    /// <param name="writer">Where to.</param>
    /// <param name="fix">What.</param>
    /// <param name="baseTimeUnixMs">Times are written as differences to this; the reader needs the same.</param>
    public static void Write(ref PackedWriter writer, in Fix fix, long baseTimeUnixMs)
    {
        var known = (float.IsNaN(fix.HorizontalAccuracyMeters) ? 0 : Known.Accuracy)
            | (float.IsNaN(fix.CourseDegrees) ? 0 : Known.Course)
            | (float.IsNaN(fix.SpeedMetersPerSecond) ? 0 : Known.Speed)
            | (float.IsNaN(fix.AltitudeMeters) ? 0 : Known.Altitude)
            | (fix.IsMock ? Known.Mock : 0)
            | (fix.IsParked ? Known.Parked : 0);
        writer.Byte((byte)known);
        writer.Unsigned(fix.Sequence);
        writer.Signed(fix.FixedAtUnixMs - baseTimeUnixMs);
        // The phone's own clock is usually right, so its difference to ours is short.
        writer.Signed(fix.SensorTimeUnixMs - fix.FixedAtUnixMs);
        writer.Int32(fix.LatitudeE7);
        writer.Int32(fix.LongitudeE7);
        if (known.HasFlag(Known.Accuracy))
        {
            writer.Unsigned((ulong)Math.Round(fix.HorizontalAccuracyMeters * 10d));
        }

        if (known.HasFlag(Known.Course))
        {
            writer.Unsigned((ulong)Math.Round(fix.CourseDegrees * 100d));
        }

        if (known.HasFlag(Known.Speed))
        {
            writer.Unsigned((ulong)Math.Round(fix.SpeedMetersPerSecond * 100d));
        }

        if (known.HasFlag(Known.Altitude))
        {
            writer.Signed((long)Math.Round(fix.AltitudeMeters * 10d));
        }
    }

    public static Fix Read(ref PackedReader reader, long baseTimeUnixMs)
    {
        var known = (Known)reader.Byte();
        var fix = new Fix { Sequence = reader.Unsigned() };
        fix.FixedAtUnixMs = baseTimeUnixMs + reader.Signed();
        fix.SensorTimeUnixMs = fix.FixedAtUnixMs + reader.Signed();
        fix.LatitudeE7 = reader.Int32();
        fix.LongitudeE7 = reader.Int32();
        fix.HorizontalAccuracyMeters = known.HasFlag(Known.Accuracy) ? reader.Unsigned() / 10f : float.NaN;
        fix.CourseDegrees = known.HasFlag(Known.Course) ? reader.Unsigned() / 100f : float.NaN;
        fix.SpeedMetersPerSecond = known.HasFlag(Known.Speed) ? reader.Unsigned() / 100f : float.NaN;
        fix.AltitudeMeters = known.HasFlag(Known.Altitude) ? reader.Signed() / 10f : float.NaN;
        fix.IsMock = known.HasFlag(Known.Mock);
        fix.IsParked = known.HasFlag(Known.Parked);
        return fix;
    }
}
