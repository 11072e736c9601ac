using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>What became of a driver who could have taken a request.</summary>
public enum CandidateOutcome : byte
{
    /// <summary>Another was better, or nobody was worth it.</summary>
    NotChosen = 0,

    /// <summary>The request is his.</summary>
    Chosen = 1,

    /// <summary>Another request got him.</summary>
    TakenByAnother = 2,

    /// <summary>No way leads from him to the pick-up.</summary>
    NoWay = 3,
}

/// <summary>A driver for a request.</summary>
/// <param name="Request">Its place in <see cref="MatchSnapshot.Requests"/>.</param>
/// <param name="Driver">His place in <see cref="MatchSnapshot.Drivers"/>.</param>
/// <param name="EtaSeconds">Until he could be at the pick-up.</param>
public readonly record struct MatchPair(int Request, int Driver, double EtaSeconds);

/// <summary>Why a driver was or was not chosen for a request.</summary>
/// <param name="DriverId">Who.</param>
/// <param name="EtaSeconds">Until he could have been at the pick-up.</param>
/// <param name="Terms">What he would have cost.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="TakenByTripId">The trip that got him, when it was another.</param>
public sealed record ExplainedCandidate(string DriverId, double EtaSeconds, CostTerms Terms, CandidateOutcome Outcome, string? TakenByTripId);

/// <summary>What a round of matching came to.</summary>
/// <param name="Snapshot">What it looked at.</param>
/// <param name="Costs">By what it judged.</param>
/// <param name="Pairs">No driver twice; a request several times only when several may be asked at once, the best first.</param>
public sealed record MatchRound(MatchSnapshot Snapshot, MatchCosts Costs, ImmutableArray<MatchPair> Pairs)
{
    private readonly Dictionary<int, int> _requestOf = Pairs.ToDictionary(p => p.Driver, p => p.Request);

    /// <summary>Each candidate of a request, the cheapest first.</summary>
    /// <param name="request">Its place in <see cref="MatchSnapshot.Requests"/>.</param>
    public ImmutableArray<ExplainedCandidate> Explain(int request)
    {
        var open = Snapshot.Requests[request];
        return [.. open.Candidates
            .Select(c => Explain(request, c, Costs.Of(open, c, Snapshot.Drivers[c.Driver])))
            .OrderBy(e => e.Terms.Total)
            .ThenBy(e => e.DriverId, StringComparer.Ordinal)];
    }

    private ExplainedCandidate Explain(int request, Candidate candidate, CostTerms terms)
    {
        var isTaken = _requestOf.TryGetValue(candidate.Driver, out var by);
        var outcome = isTaken && by == request ? CandidateOutcome.Chosen
            : double.IsPositiveInfinity(candidate.EtaSeconds) ? CandidateOutcome.NoWay
            : isTaken ? CandidateOutcome.TakenByAnother
            : CandidateOutcome.NotChosen;
        return new ExplainedCandidate(
            Snapshot.Drivers[candidate.Driver].DriverId, candidate.EtaSeconds, terms, outcome,
            outcome == CandidateOutcome.TakenByAnother ? Snapshot.Requests[by].TripId : null);
    }
}
