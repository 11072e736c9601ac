namespace RideTracking.Server.Hosting;

/// <summary>What came of one look of a <see cref="Loop"/>.</summary>
public enum LookOutcome
{
    /// <summary>All was looked at; single items may have failed.</summary>
    Done,

    /// <summary>It ended early for something that passes by itself: the store is away, or refuses.</summary>
    Waiting,

    /// <summary>It failed for a reason of its own.</summary>
    Fault,

    /// <summary>It failed before, and its time to be tried again has not come.</summary>
    BackedOff,
}
