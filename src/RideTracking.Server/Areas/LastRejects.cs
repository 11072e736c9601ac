using System.Collections.Concurrent;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Areas;

/// <summary>Why each driver's newest rejected fix was, for those who ask why there is no position. Bounded by the drivers. Thread-safe.</summary>
public sealed class LastRejects
{
    private readonly ConcurrentDictionary<int, (FixVerdict Verdict, DateTimeOffset At)> _bySlot = new();

    // Of this node's, those of which the other nodes have not heard, and when they were.
    private readonly ConcurrentDictionary<int, DateTimeOffset> _untold = new();

    /// <summary>A driver's fix was rejected.</summary>
    public void Set(int slot, in FixVerdict verdict, DateTimeOffset at) => (_bySlot[slot], _untold[slot]) = ((verdict, at), at);

    /// <summary>Another node has rejected a driver's fix.</summary>
    internal void Hear(int slot, FixVerdict verdict, DateTimeOffset at) =>
        _bySlot.AddOrUpdate(slot, (verdict, at), (_, known) => known.At > at ? known : (verdict, at));

    /// <summary>The driver's newest one.</summary>
    public (FixVerdict Verdict, DateTimeOffset At)? Of(int slot) => _bySlot.TryGetValue(slot, out var last) ? last : null;

    /// <summary>Some of those that the other nodes have not heard of.</summary>
    internal KeyValuePair<int, DateTimeOffset>[] Untold(int most) => [.. _untold.Take(most)];

    /// <summary>They have heard of it now, or nobody is there to hear.</summary>
    internal void Told(KeyValuePair<int, DateTimeOffset> told) => _untold.TryRemove(told);
}
