namespace RideTracking.Engine.Ingest;

/// <summary>
/// What the gate remembers of one driver: the present (the last accepted fix) and the fixes that may become a new
/// one. A small struct held beside the driver's stream; not thread-safe, one caller at a time.
/// </summary>
public struct GateState
{
    internal Anchor Present;
    internal Anchor Candidate;

    /// <summary>How many fixes in a row agree with the candidate, itself included; 0 when there is none.</summary>
    internal byte CandidateFixCount;

    /// <summary>True once a fix has been accepted or seeded.</summary>
    public bool HasPresent { get; private set; }

    /// <summary>The present's time by the server's clock, milliseconds since 1970; 0 when there is none.</summary>
    public readonly long PresentFixedAtUnixMs => Present.FixedAtUnixMs;

    /// <summary>The state after a restart or reconnect: the last accepted fix as the log has it.</summary>
    /// <param name="lastAccepted">With its times by the phone's and by the server's clock.</param>
    /// <param name="session">Names the session that the fix came from, as given to <see cref="Gate.Judge"/>.</param>
    public static GateState FromLastAccepted(in Fix lastAccepted, ulong session)
    {
        var state = new GateState();
        state.Accept(new Anchor(lastAccepted, session));
        return state;
    }

    internal void Accept(in Anchor anchor)
    {
        Present = anchor;
        HasPresent = true;
        Candidate = default;
        CandidateFixCount = 0;
    }

    /// <summary>What the gate needs of a fix that later ones are compared with.</summary>
    internal readonly struct Anchor(in Fix fix, ulong session)
    {
        public readonly long SensorTimeUnixMs = fix.SensorTimeUnixMs;
        public readonly long FixedAtUnixMs = fix.FixedAtUnixMs;
        public readonly ulong Session = session;
        public readonly int LatitudeE7 = fix.LatitudeE7;
        public readonly int LongitudeE7 = fix.LongitudeE7;
        public readonly float HorizontalAccuracyMeters = fix.HorizontalAccuracyMeters;
    }
}
