namespace RideTracking.Faults;

/// <summary>What a run is like.</summary>
internal sealed record RigOptions
{
    /// <summary>What everything of chance follows from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How long faults come.</summary>
    public TimeSpan Lasts { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest of them.</summary>
    public TimeSpan LongestFault { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>single, replicated or cluster.</summary>
    public string Store { get; init; } = "single";

    public int Nodes { get; init; } = 3;

    public int Drivers { get; init; } = 150;

    public int Riders { get; init; } = 40;

    /// <summary>The number of the planted mistake; 0 for none.</summary>
    public int Plant { get; init; }

    /// <summary>Whether the store is emptied now and then.</summary>
    public bool IsEmptied { get; init; }

    /// <summary>How far nodes' clocks are off at most.</summary>
    public TimeSpan ClockOffset { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long everything may take to settle when the faults are over.</summary>
    public TimeSpan Settles { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Only these faults; all where it is empty.</summary>
    public IReadOnlyList<Schedule.FaultKind> Only { get; init; } = [];

    /// <summary>Whether nodes answer only for what a replica has, too: then a fail-over forgets nothing that was answered for.</summary>
    public bool WaitsForReplica { get; init; }

    /// <summary>Whether Redis writes to disk each second, and not before each answer.</summary>
    public bool IsEverySecond { get; init; }

    /// <summary>
    /// Whether nodes that are rolled come back as another version, now as one whose records may be of a newer form, now as this one; and in the end, while
    /// all goes on, all as that newer one, which writes them then.
    /// </summary>
    public bool Upgrades { get; init; }

    /// <summary>Keeps what processes wrote, also when all was well.</summary>
    public bool Keep { get; init; }

    /// <summary>Told of each fault as it comes.</summary>
    public Action<string> Say { get; init; } = _ => { };
}
