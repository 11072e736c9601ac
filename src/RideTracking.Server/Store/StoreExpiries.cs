namespace RideTracking.Server.Store;

/// <summary>How long each kind of record stays in the store. All of them run on the server's clock, so a scaled clock scales them too.</summary>
public static class StoreExpiries
{
    /// <summary>A fence and a writer's last append outlive any retry of a node that was paused.</summary>
    public static readonly TimeSpan Writer = TimeSpan.FromHours(24);

    /// <summary>The parts of a checkpoint that did not become the last one.</summary>
    public static readonly TimeSpan CheckpointParts = TimeSpan.FromHours(1);

    /// <summary>Those of the last one: for good.</summary>
    public static readonly TimeSpan LastCheckpoint = TimeSpan.FromDays(3650);

    /// <summary>A link to a trip, should the trip not end before: longer than any is asked for ahead and lasts.</summary>
    public static readonly TimeSpan ShareLink = TimeSpan.FromDays(31);

    /// <summary>A request id or an action id, with its answer.</summary>
    public static readonly TimeSpan RequestId = TimeSpan.FromHours(24);
}
