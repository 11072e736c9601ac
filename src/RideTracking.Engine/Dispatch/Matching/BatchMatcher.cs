using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>Gives drivers to all requests at once, so that they cost least together. Pure.</summary>
public static class BatchMatcher
{
    /// <summary>Matches what there is.</summary>
    /// <param name="snapshot">Requests and who could take them.</param>
    /// <param name="costs">What a driver costs a request.</param>
    /// <param name="offersAtOnce">
    /// How many drivers a request may get, 1 or more. The second ones are chosen among those whom no request got as its first.
    /// </param>
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
            pairs.AddRange(BestOf(snapshot, costs, taken));
        }

        return new MatchRound(snapshot, costs, pairs.ToImmutable());
    }

    private static List<MatchPair> BestOf(MatchSnapshot snapshot, MatchCosts costs, bool[] taken)
    {
        var problem = new AssignmentCosts(snapshot.Drivers.Length);
        foreach (var request in snapshot.Requests)
        {
            problem.AddRow(costs.UnmatchedSeconds);
            foreach (var candidate in request.Candidates)
            {
                if (!taken[candidate.Driver])
                {
                    problem.Add(candidate.Driver, CostOf(costs, request, candidate, snapshot));
                }
            }
        }

        var pairs = new List<MatchPair>();
        var assignment = Assignment.OfLeastCost(problem);
        for (var request = 0; request < snapshot.Requests.Length; request++)
        {
            var driver = assignment.ColumnOf[request];
            if (driver != Assignment.None)
            {
                taken[driver] = true;
                pairs.Add(new MatchPair(request, driver, snapshot.Requests[request].Candidates.First(c => c.Driver == driver).EtaSeconds));
            }
        }

        return pairs;
    }

    // Also at a queue, where his driving time does not count, nobody is sent where no way leads.
    internal static double CostOf(MatchCosts costs, OpenRequest request, Candidate candidate, MatchSnapshot snapshot) =>
        double.IsFinite(candidate.EtaSeconds) ? costs.Of(request, candidate, snapshot.Drivers[candidate.Driver]).Total : double.PositiveInfinity;
}
