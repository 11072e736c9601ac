using System.Collections.Concurrent;
using RideTracking.Engine.Dispatch.Matching;

namespace RideTracking.Server.Matching;

/// <summary>A round that was held, and which of its pairs could not be asked any more. Thread-safe.</summary>
/// <param name="At">When its snapshot was taken.</param>
/// <param name="IsCompanys">The company's own matcher decided.</param>
/// <param name="Round">What it came to.</param>
internal sealed record KeptRound(DateTimeOffset At, bool IsCompanys, MatchRound Round)
{
    private readonly ConcurrentDictionary<(int Request, int Driver), bool> _refused = new();
    private readonly Dictionary<string, int> _requestOf =
        Round.Snapshot.Requests.Index().ToDictionary(r => r.Item.TripId, r => r.Index, StringComparer.Ordinal);

    /// <summary>The driver of a pair was not free any more, or heard nothing.</summary>
    public void Refuse(int pair) => _refused[(Round.Pairs[pair].Request, Round.Pairs[pair].Driver)] = true;

    /// <summary>Whether a driver was chosen for a request and could not be asked.</summary>
    public bool IsRefused(int request, string driverId) =>
        _refused.Keys.Any(r => r.Request == request && Round.Snapshot.Drivers[r.Driver].DriverId == driverId);

    /// <summary>How many candidates it weighed, at least one for each request.</summary>
    public int Weight { get; } = Round.Snapshot.Requests.Sum(r => Math.Max(1, r.Candidates.Length));

    /// <summary>The place of a trip among the requests, or -1.</summary>
    public int RequestOf(string tripId) => _requestOf.GetValueOrDefault(tripId, -1);
}

/// <summary>The last rounds of matching on this server, so that somebody can ask why. Bounded by the candidates weighed in them. Thread-safe.</summary>
internal sealed class RecentRounds
{
    // Some 60 bytes each.
    private const int MaxWeight = 300_000;

    private readonly Lock _lock = new();
    private readonly Queue<KeptRound> _rounds = new();
    private int _weight;

    /// <summary>Keeps a round; the oldest ones go.</summary>
    public void Keep(KeptRound round)
    {
        lock (_lock)
        {
            _rounds.Enqueue(round);
            _weight += round.Weight;
            while (_weight > MaxWeight && _rounds.Count > 1)
            {
                _weight -= _rounds.Dequeue().Weight;
            }
        }
    }

    /// <summary>The last rounds that a trip was in, the newest first.</summary>
    public List<KeptRound> Of(string tripId, int most)
    {
        KeptRound[] rounds;
        lock (_lock)
        {
            rounds = [.. _rounds];
        }

        return [.. rounds.Reverse().Where(r => r.RequestOf(tripId) >= 0).Take(most)];
    }
}
