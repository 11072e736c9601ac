using System.Runtime.InteropServices;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Index;

/// <summary>All that the index keeps of one driver, in 60 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = sizeof(int))]
internal struct DriverRecord
{
    /// <summary>Guards everything here but the place in the cell.</summary>
    public SeqLock Lock;

    /// <summary>Where in the cell; guarded by the tile's lock, since others leaving the cell change it.</summary>
    public int IndexInCell;

    /// <summary>See <see cref="StatusBits"/>.</summary>
    public uint Bits;

    /// <summary>Of the newest fix; it and the rest are kept when the position is taken away, so that an older one does not bring it back.</summary>
    public long FixedAtUnixMs;

    /// <summary>Of the newest fix. It tells the tile and the cell that the driver is in.</summary>
    public Place Place;

    private ulong _sequence;
    private long _sensorTimeUnixMs;
    private float _horizontalAccuracyMeters;
    private float _courseDegrees;
    private float _speedMetersPerSecond;
    private float _altitudeMeters;

    /// <summary>False before the first fix and after the position was taken away.</summary>
    public readonly bool HasFix => (Bits & StatusBits.HasFix) != 0;

    /// <summary>The position went stale; <see cref="Place"/> is the last known one.</summary>
    public readonly bool IsStale => (Bits & StatusBits.IsStale) != 0;

    public void Set(in Fix fix)
    {
        Bits = Bits & ~StatusBits.IsMock | StatusBits.HasFix | (fix.IsMock ? StatusBits.IsMock : 0);
        FixedAtUnixMs = fix.FixedAtUnixMs;
        Place = Place.Of(fix.LatitudeE7, fix.LongitudeE7);
        _sequence = fix.Sequence;
        _sensorTimeUnixMs = fix.SensorTimeUnixMs;
        _horizontalAccuracyMeters = fix.HorizontalAccuracyMeters;
        _courseDegrees = fix.CourseDegrees;
        _speedMetersPerSecond = fix.SpeedMetersPerSecond;
        _altitudeMeters = fix.AltitudeMeters;
    }

    /// <summary>What searches look at, for whoever is inside the lock.</summary>
    public readonly Sighting SightInside(int slot) => new(slot, Place, Bits, FixedAtUnixMs);

    /// <summary>For whoever is inside the lock.</summary>
    public readonly DriverEntry Entry(int slot) => new()
    {
        Slot = slot,
        HasFix = HasFix,
        Status = StatusBits.StatusOf(Bits),
        Fix = HasFix ? Fix() : default,
    };

    /// <summary>For everybody: what belongs together.</summary>
    public DriverEntry Read(int slot, out uint bits)
    {
        while (true)
        {
            int version = Lock.ReadVersion();
            DriverEntry entry = Entry(slot);
            bits = Bits;
            if (Lock.IsStill(version))
            {
                return entry;
            }
        }
    }

    /// <summary>For everybody: what searches look at, belonging together.</summary>
    public Sighting Sight(int slot)
    {
        while (true)
        {
            int version = Lock.ReadVersion();
            Sighting sighting = SightInside(slot);
            if (Lock.IsStill(version))
            {
                return sighting;
            }
        }
    }

    private readonly Fix Fix() => new()
    {
        Sequence = _sequence,
        SensorTimeUnixMs = _sensorTimeUnixMs,
        FixedAtUnixMs = FixedAtUnixMs,
        LatitudeE7 = Place.LatitudeE7,
        LongitudeE7 = Place.LongitudeE7,
        HorizontalAccuracyMeters = _horizontalAccuracyMeters,
        CourseDegrees = _courseDegrees,
        SpeedMetersPerSecond = _speedMetersPerSecond,
        AltitudeMeters = _altitudeMeters,
        IsMock = (Bits & StatusBits.IsMock) != 0,
    };
}

/// <summary>What a search needs to know of a driver at one moment.</summary>
internal readonly record struct Sighting(int Slot, Place Place, uint Bits, long FixedAtUnixMs);
