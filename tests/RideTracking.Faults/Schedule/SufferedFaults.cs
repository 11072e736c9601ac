namespace RideTracking.Faults.Schedule;

/// <summary>The faults that came, with the times at which they did. Thread-safe.</summary>
internal sealed class SufferedFaults
{
    // What a fault has broken goes on for a moment after it.
    private static readonly TimeSpan After = TimeSpan.FromSeconds(2);

    // On its way to the client; or the node itself could not read from the store what there is instead, and shows what it had.
    private static readonly FaultKind[] HoldBack =
    [
        FaultKind.ClientLinkSilent, FaultKind.ClientRepliesLost, FaultKind.ClientLinkSlow, FaultKind.NodeFrozen,
        FaultKind.StoreLinkSilent, FaultKind.StoreRepliesLost, FaultKind.StoreLinkSlow, FaultKind.StoreLinkNarrow, FaultKind.StoreLinkBroken,
    ];

    private readonly List<(FaultKind Kind, DateTimeOffset From, DateTimeOffset Through)> _all = [];

    public void Add(FaultKind kind, DateTimeOffset from, DateTimeOffset through)
    {
        lock (_all)
        {
            _all.Add((kind, from, through));
        }
    }

    /// <summary>Whether something held back what a node had said before a time until after another one.</summary>
    public bool HeldBack(DateTimeOffset before, DateTimeOffset after) => _all.Exists(f => HoldBack.Contains(f.Kind) && f.From <= before && f.Through >= after);

    /// <summary>How many there were of each kind.</summary>
    public IEnumerable<(FaultKind Kind, int Count)> Counts => _all.GroupBy(f => f.Kind).OrderBy(f => f.Key).Select(f => (f.Key, f.Count()));

    /// <summary>The longest time between two successes that a fault of a kind lay in or shortly before.</summary>
    public TimeSpan LongestWithout(FaultKind kind, IReadOnlyList<DateTimeOffset> successes)
    {
        var longest = TimeSpan.Zero;
        foreach (var (_, from, through) in _all.Where(f => f.Kind == kind))
        {
            for (var i = 1; i < successes.Count; i++)
            {
                if (successes[i] > from && successes[i - 1] < through + After && successes[i] - successes[i - 1] > longest)
                {
                    longest = successes[i] - successes[i - 1];
                }
            }
        }

        return longest;
    }
}
