using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>What a round of matching looks at: requests without a driver, and for each who could take it.</summary>
/// <param name="Drivers">Each at most once.</param>
/// <param name="Requests">In the order in which they came.</param>
public sealed record MatchSnapshot(ImmutableArray<FreeDriver> Drivers, ImmutableArray<OpenRequest> Requests);

/// <summary>A driver who could take one more trip.</summary>
/// <param name="DriverId">Who.</param>
/// <param name="RecentRefusals">Offers declined or ignored lately, 0 or more.</param>
public readonly record struct FreeDriver(string DriverId, int RecentRefusals = 0);

/// <summary>A trip that searches for a driver.</summary>
/// <param name="TripId">Which.</param>
/// <param name="WaitingSeconds">Since it was asked for, 0 or more.</param>
/// <param name="Candidates">Who could take it; a driver at most once.</param>
public sealed record OpenRequest(string TripId, double WaitingSeconds, ImmutableArray<Candidate> Candidates)
{
    /// <summary>Whether somebody waits in the queue where the pick-up is.</summary>
    public bool HasQueue { get; } = Candidates.Any(c => c.QueuePlace is not null);
}

/// <summary>A driver for one request.</summary>
/// <param name="Driver">His place in <see cref="MatchSnapshot.Drivers"/>.</param>
/// <param name="EtaSeconds">Until he could be at the pick-up, what he has to finish before included; infinity when there is no way.</param>
public readonly record struct Candidate(int Driver, double EtaSeconds)
{
    /// <summary>How many wait before him in the queue where the pick-up is; null when he does not wait there.</summary>
    public int? QueuePlace { get; init; }

    /// <summary>He finishes another trip first.</summary>
    public bool IsBackToBack { get; init; }

    /// <summary>What those on board drive longer if the rider joins them; 0 for an empty car.</summary>
    public double DetourSeconds { get; init; }
}
