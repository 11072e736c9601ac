using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Ingest;

/// <summary>
/// What the gate remembers of one driver: the present (the last accepted fix), another place where fixes agree that it may be, how the phone's
/// clocks differ, and whether the car is parked. A small struct held beside the driver's stream; not thread-safe, one caller at a time.
/// </summary>
public struct GateState
{
    internal Track Present;
    internal Track Other;
    internal PhoneClock Clock;
    internal Standstill Standstill;

    /// <summary>True once a fix has been accepted or seeded.</summary>
    public readonly bool HasPresent => Present.FixCount > 0;

    /// <summary>The present's time by the server's clock, milliseconds since 1970; 0 when there is none.</summary>
    public readonly long PresentFixedAtUnixMs => Present.Last.FixedAtUnixMs;

    /// <summary>The state after a restart or reconnect: the last accepted fix as the log has it.</summary>
    /// <param name="lastAccepted">With its times by the phone's and by the server's clock, and whether it was parked.</param>
    /// <param name="session">Names the session that the fix came from, as given to <see cref="Gate.Judge"/>.</param>
    public static GateState FromLastAccepted(in Fix lastAccepted, ulong session) => new()
    {
        // Others may have agreed with it: it counts as one that is sure.
        Present = new Track(new Anchor(lastAccepted, session, lastAccepted.SensorTimeUnixMs)) { FixCount = byte.MaxValue },
        Standstill = Standstill.After(lastAccepted, lastAccepted.SensorTimeUnixMs),
    };

    /// <summary>Fixes in a row, each of which could be reached from the one before.</summary>
    internal struct Track(in Anchor first)
    {
        /// <summary>The newest of them.</summary>
        public Anchor Last = first;

        /// <summary>When the first of them was taken, by the server's clock.</summary>
        public readonly long SinceUnixMs = first.FixedAtUnixMs;

        /// <summary>How many there are, up to 255; 0 when there is no track.</summary>
        public byte FixCount = 1;

        /// <summary>Another one agrees.</summary>
        public void Add(in Anchor next) => (Last, FixCount) = (next, (byte)Math.Min(FixCount + 1, byte.MaxValue));
    }

    /// <summary>What the gate needs of a fix that later ones are compared with.</summary>
    internal readonly struct Anchor(in Fix fix, ulong session, long takenAtUnixMs)
    {
        /// <summary>By the phone's own clock.</summary>
        public readonly long TakenAtUnixMs = takenAtUnixMs;
        public readonly long FixedAtUnixMs = fix.FixedAtUnixMs;
        public readonly ulong Session = session;
        public readonly int LatitudeE7 = fix.LatitudeE7;
        public readonly int LongitudeE7 = fix.LongitudeE7;
        public readonly float HorizontalAccuracyMeters = fix.HorizontalAccuracyMeters;
        public readonly float SpeedMetersPerSecond = fix.SpeedMetersPerSecond;

        public readonly GeoPoint Point => GeoPoint.FromE7(LatitudeE7, LongitudeE7);
    }
}
