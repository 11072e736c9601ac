using System.Collections.Concurrent;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Areas;

/// <summary>Why each driver's newest rejected fix was, for those who ask why there is no position. Bounded by the drivers. Thread-safe.</summary>
public sealed class LastRejects
{
    private readonly ConcurrentDictionary<int, (FixVerdict Verdict, DateTimeOffset At)> _bySlot = new();

    /// <summary>A driver's fix was rejected.</summary>
    public void Set(int slot, in FixVerdict verdict, DateTimeOffset at) => _bySlot[slot] = (verdict, at);

    /// <summary>The driver's newest one.</summary>
    public (FixVerdict Verdict, DateTimeOffset At)? Of(int slot) => _bySlot.TryGetValue(slot, out var last) ? last : null;
}
