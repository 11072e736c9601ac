using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Ingest;

/// <summary>
/// One reading of a driver's position sensor: the struct that travels the whole path
/// gate, index, fan-out and log.
/// </summary>
public struct Fix
{
    /// <summary>Number within its session, from 1, rising; gaps are legal.</summary>
    public ulong Sequence { get; set; }

    /// <summary>When the sensor took the reading, by the phone's clock, milliseconds since 1970.</summary>
    public long SensorTimeUnixMs { get; set; }

    /// <summary>When the sensor took the reading, by the server's clock, milliseconds since 1970. Set by the gate.</summary>
    public long FixedAtUnixMs { get; set; }

    /// <summary>Latitude, WGS 84, in 1e-7 degrees.</summary>
    public int LatitudeE7 { get; set; }

    /// <summary>Longitude, WGS 84, in 1e-7 degrees.</summary>
    public int LongitudeE7 { get; set; }

    /// <summary>Radius in metres of the circle that holds the true position with 68 % probability; NaN when unknown.</summary>
    public float HorizontalAccuracyMeters { get; set; }

    /// <summary>Direction of movement, degrees clockwise from true north, 0 to below 360; NaN when unknown.</summary>
    public float CourseDegrees { get; set; }

    /// <summary>Speed over ground in metres per second; NaN when unknown.</summary>
    public float SpeedMetersPerSecond { get; set; }

    /// <summary>Metres above the WGS 84 ellipsoid; NaN when unknown.</summary>
    public float AltitudeMeters { get; set; }

    /// <summary>The phone's operating system says that an app made the position up.</summary>
    public bool IsMock { get; set; }

    /// <summary>
    /// The car stands where the last fix of it was that is not parked; this one's place is that with the sensor's noise. Set by the gate. Whoever
    /// counts metres, borders or progress takes that place; whoever shows the present may take this one's.
    /// </summary>
    public bool IsParked { get; set; }

    /// <summary>A fix whose optional values are unknown.</summary>
    public Fix()
    {
        HorizontalAccuracyMeters = float.NaN;
        CourseDegrees = float.NaN;
        SpeedMetersPerSecond = float.NaN;
        AltitudeMeters = float.NaN;
    }

    /// <summary>The position in degrees.</summary>
    public readonly GeoPoint Point => GeoPoint.FromE7(LatitudeE7, LongitudeE7);

    /// <summary>The same at another place.</summary>
    public readonly Fix At(GeoPoint place)
    {
        (int latitudeE7, int longitudeE7) = place.ToE7();
        return this with { LatitudeE7 = latitudeE7, LongitudeE7 = longitudeE7 };
    }

    /// <summary>
    /// Forgets what no car's sensor can have measured, as what was never told: speed beyond 100 m/s, course out of range, no accuracy or one wider than
    /// 100 km, altitude below the Dead Sea or above all roads. The rest of the fix is as good as without. Before its first use: it decides what the
    /// fix is.
    /// </summary>
    public void ForgetImplausible()
    {
        SpeedMetersPerSecond = SpeedMetersPerSecond is >= 0 and <= 100 ? SpeedMetersPerSecond : float.NaN;
        CourseDegrees = CourseDegrees is >= 0 and < 360 ? CourseDegrees : float.NaN;
        HorizontalAccuracyMeters = HorizontalAccuracyMeters is > 0 and <= 100_000 ? HorizontalAccuracyMeters : float.NaN;
        AltitudeMeters = AltitudeMeters is >= -1_000 and <= 9_000 ? AltitudeMeters : float.NaN;
    }

    /// <summary>
    /// Hash of everything that the phone said but the sequence: tells a resend from another fix under the
    /// same number. The same in every process.
    /// </summary>
    public readonly uint ContentHash()
    {
        ulong hash = Mix(0x9E3779B97F4A7C15, (ulong)SensorTimeUnixMs);
        hash = Mix(hash, (uint)LatitudeE7 | (ulong)(uint)LongitudeE7 << 32);
        hash = Mix(hash, BitConverter.SingleToUInt32Bits(HorizontalAccuracyMeters)
            | (ulong)BitConverter.SingleToUInt32Bits(CourseDegrees) << 32);
        hash = Mix(hash, BitConverter.SingleToUInt32Bits(SpeedMetersPerSecond)
            | (ulong)BitConverter.SingleToUInt32Bits(AltitudeMeters) << 32);
        hash = Mix(hash, IsMock ? 1UL : 0);
        return (uint)(hash >> 32);
    }

    // The finalizer of SplitMix64 (Steele, Lea, Flood, 2014).
    private static ulong Mix(ulong hash, ulong value)
    {
        hash ^= value;
        hash = (hash ^ hash >> 30) * 0xBF58476D1CE4E5B9;
        hash = (hash ^ hash >> 27) * 0x94D049BB133111EB;
        return hash ^ hash >> 31;
    }
}
