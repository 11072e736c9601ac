using System.Globalization;

namespace RideTracking.Faults.Schedule;

/// <summary>One fault as the seed says it.</summary>
/// <param name="At">When it begins, from the run's beginning.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Node">Which node it hits, where it hits one.</param>
/// <param name="Length">How long it lasts.</param>
internal sealed record PlannedFault(TimeSpan At, FaultKind Kind, int Node, TimeSpan Length)
{
    /// <summary>Whether it hits a node or its links.</summary>
    public bool HitsNode => Kind < FaultKind.StoreKilled;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{At.TotalSeconds,6:F1} s {Kind}{(HitsNode ? $" of node {Node}" : "")}, {Length.TotalSeconds:F1} s");
}
