using System.Collections.Immutable;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Log;
using RideTracking.Server.Store;

namespace RideTracking.Server.Trips;

/// <summary>One decision, to be committed whole or not at all.</summary>
/// <param name="Now">The server's time.</param>
/// <param name="TripId">The trip it is about; null when only a plan changes.</param>
/// <param name="Before">The trip it was decided on; null when there was none.</param>
/// <param name="Trip">The trip as it becomes; null when it stays.</param>
/// <param name="Plans">The plans it was decided on.</param>
internal sealed record TripCommit(DateTimeOffset Now, string? TripId, Trip? Before, Trip? Trip, ImmutableArray<PlanCommit> Plans)
{
    /// <summary>The driver whose action it is; refused when another connection took over.</summary>
    public ActingDriver? Actor { get; init; }

    /// <summary>What is remembered for a repeat.</summary>
    public StoredAnswer? Answer { get; init; }

    /// <summary>How long a final trip stays.</summary>
    public TimeSpan Retention { get; init; }

    /// <summary>Refused when a driver's commands are more than this; null when they must go out whatever there is.</summary>
    public int? OutboxLimit { get; init; }
}

/// <summary>A plan in a decision.</summary>
/// <param name="Before">The plan it was decided on.</param>
/// <param name="Plan">The plan as it becomes; null when it stays.</param>
/// <param name="Commands">What the driver is told, in order.</param>
internal sealed record PlanCommit(DriverPlan Before, DriverPlan? Plan, ImmutableArray<OutboxCommand> Commands)
{
    /// <summary>Whose.</summary>
    public string DriverId => Before.DriverId;

    /// <summary>Refused while the command under this field waits for the driver's app; null when nothing hangs on it.</summary>
    public string? MustHaveHad { get; init; }
}

/// <summary>A command as the outbox keeps it.</summary>
/// <param name="Field">A newer command with the same field takes its place.</param>
/// <param name="Supersedes">Fields of older commands that mean nothing once this one is there.</param>
/// <param name="ExpiresAt">After this it means nothing any more.</param>
/// <param name="Wire">The message as the app gets it, but for its sequence.</param>
internal sealed record OutboxCommand(string Field, ImmutableArray<string> Supersedes, DateTimeOffset ExpiresAt, byte[] Wire);

/// <summary>A driver who acts, on a connection that it has claimed.</summary>
public readonly record struct ActingDriver(string DriverId, DriverClaim Claim);

/// <summary>What the store says to a commit.</summary>
internal abstract record CommitReply;

/// <summary>It is committed; how many commands now wait for each plan's driver.</summary>
internal sealed record Committed(ImmutableArray<int> Waiting) : CommitReply;

/// <summary>The request or action was answered before.</summary>
internal sealed record Repeated(byte[] Answer) : CommitReply;

/// <summary>Another claim has the driver now; none when the store has forgotten it.</summary>
internal sealed record OtherClaim(DriverClaim? Now) : CommitReply;

/// <summary>It was decided on an old state; this is the present one.</summary>
internal sealed record Changed(Trip? Trip, ImmutableArray<DriverPlan> Plans) : CommitReply;

/// <summary>What the driver's app must have had, it has not acknowledged.</summary>
internal sealed record Untold(string DriverId) : CommitReply;

/// <summary>Too many commands wait for the driver.</summary>
internal sealed record OutboxFull(string DriverId) : CommitReply;
