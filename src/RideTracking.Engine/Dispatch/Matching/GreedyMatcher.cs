using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>Gives each request in turn, in the order in which they came, the driver who costs least among those left. Pure.</summary>
public static class GreedyMatcher
{
    /// <inheritdoc cref="BatchMatcher.Match"/>
    public static MatchRound Match(MatchSnapshot snapshot, MatchCosts costs, int offersAtOnce = 1)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentOutOfRangeException.ThrowIfLessThan(offersAtOnce, 1);
        var taken = new bool[snapshot.Drivers.Length];
        var pairs = ImmutableArray.CreateBuilder<MatchPair>();
        for (var (offer, found) = (0, -1); offer < offersAtOnce && found != pairs.Count; offer++)
        {
            found = pairs.Count;
            foreach (var (number, request) in snapshot.Requests.Index())
            {
                var (best, least) = (default(Candidate?), costs.UnmatchedSeconds);
                foreach (var candidate in request.Candidates)
                {
                    if (!taken[candidate.Driver] && BatchMatcher.CostOf(costs, request, candidate, snapshot) is var cost && cost < least)
                    {
                        (best, least) = (candidate, cost);
                    }
                }

                if (best is { } chosen)
                {
                    taken[chosen.Driver] = true;
                    pairs.Add(new MatchPair(number, chosen.Driver, chosen.EtaSeconds));
                }
            }
        }

        return new MatchRound(snapshot, costs, pairs.ToImmutable());
    }
}
