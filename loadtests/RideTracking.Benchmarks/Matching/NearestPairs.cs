using RideTracking.Engine.Dispatch.Matching;

namespace RideTracking.Benchmarks.Matching;

/// <summary>
/// What a dispatcher without a solver might do: the pair with the shortest way first, whoever asked first. Tells how much of a
/// batch's gain is due to the exact assignment, and how much to not serving by order of arrival.
/// </summary>
internal static class NearestPairs
{
    public static MatchRound Match(MatchSnapshot snapshot, MatchCosts costs, int offersAtOnce)
    {
        var (drivers, requests) = (new HashSet<int>(), new HashSet<int>());
        var pairs = snapshot.Requests.Index()
            .SelectMany(r => r.Item.Candidates.Select(c => new MatchPair(r.Index, c.Driver, c.EtaSeconds)))
            .OrderBy(p => p.EtaSeconds)
            .Where(p => !drivers.Contains(p.Driver) && requests.Add(p.Request) && drivers.Add(p.Driver));
        return new MatchRound(snapshot, costs, [.. pairs]);
    }
}
