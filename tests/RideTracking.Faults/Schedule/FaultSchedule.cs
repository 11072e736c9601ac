namespace RideTracking.Faults.Schedule;

/// <summary>Which faults come when: all of it follows from the seed.</summary>
internal static class FaultSchedule
{
    private static readonly FaultKind[] OfNodes =
    [
        FaultKind.NodeKilled, FaultKind.NodeFrozen, FaultKind.NodeRolled,
        FaultKind.StoreLinkCut, FaultKind.StoreLinkBroken, FaultKind.StoreLinkSilent, FaultKind.StoreRepliesLost, FaultKind.StoreLinkSlow, FaultKind.StoreLinkNarrow,
        FaultKind.ClientLinkCut, FaultKind.ClientLinkBroken, FaultKind.ClientLinkSilent, FaultKind.ClientRepliesLost, FaultKind.ClientLinkSlow,
    ];

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    /// <summary>Two rows of faults side by side: of nodes and their links, and of the store.</summary>
    /// <param name="seed">What it follows from.</param>
    /// <param name="lasts">How long the run is.</param>
    /// <param name="longest">The longest fault.</param>
    /// <param name="nodes">How many nodes there are.</param>
    /// <param name="ofStore">What the store can suffer.</param>
    /// <param name="hasStoreLinks">Whether nodes have links of their own to the store.</param>
    /// <param name="only">Only these; all where it is empty.</param>
    public static IReadOnlyList<PlannedFault> Of(int seed, TimeSpan lasts, TimeSpan longest, int nodes, IReadOnlyList<FaultKind> ofStore, bool hasStoreLinks, IReadOnlyList<FaultKind> only)
    {
        var random = new Random(seed);
        FaultKind[] ofNodes = [.. OfNodes.Where(k => hasStoreLinks || k is < FaultKind.StoreLinkCut or > FaultKind.StoreLinkNarrow).Where(k => only.Count == 0 || only.Contains(k))];
        return [.. Row(random, ofNodes, lasts, longest, nodes).Concat(Row(random, ofStore, lasts, longest, nodes)).OrderBy(f => f.At)];
    }

    // Each kind comes once before any comes again.
    private static List<PlannedFault> Row(Random random, IReadOnlyList<FaultKind> kinds, TimeSpan lasts, TimeSpan longest, int nodes)
    {
        var row = new List<PlannedFault>();
        var deck = new Queue<FaultKind>();
        if (kinds.Count == 0)
        {
            return row;
        }

        for (var at = Quiet * (0.5 + random.NextDouble()); ;)
        {
            if (deck.Count == 0)
            {
                FaultKind[] shuffled = [.. kinds];
                random.Shuffle(shuffled);
                deck = new Queue<FaultKind>(shuffled);
            }

            // Short ones are as telling as long ones: as many below a tenth of the longest as there are above.
            var length = longest * Math.Max(0.03, Math.Pow(random.NextDouble(), 2));
            var fault = new PlannedFault(at, deck.Dequeue(), random.Next(nodes), length);
            if (fault.At + fault.Length > lasts)
            {
                return row;
            }

            row.Add(fault);
            at = fault.At + fault.Length + (Quiet * (0.2 + random.NextDouble()));
        }
    }
}
