using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Areas;

/// <summary>Why a driver's newest rejected fix was.</summary>
/// <param name="Verdict">The gate's.</param>
/// <param name="At">When it came.</param>
/// <param name="InARow">Fixes rejected in a row with it; 0 once one was taken.</param>
/// <param name="OfLast">Fixes rejected among the last 64.</param>
public readonly record struct LastReject(FixVerdict Verdict, DateTimeOffset At, int InARow, int OfLast)
{
    /// <summary>A driver of whom so many fixes in a row are rejected may be online, but is not seen.</summary>
    public const int UnseenAfter = 10;

    /// <summary>Whether nothing of what the driver sends is believed.</summary>
    public bool IsUnseen => InARow >= UnseenAfter;

    /// <summary>Whether the newest fixes contradict the present.</summary>
    public bool IsPlaceInDoubt => InARow > 0 && Verdict.Reason == FixRejectReason.ImpossibleJump;

    /// <summary>As the contract has it.</summary>
    public V1.LastReject ToWire() => new()
    {
        Reason = (V1.FixRejectReason)Verdict.Reason,
        Limit = Verdict.Limit,
        Measured = Verdict.Measured,
        RejectedAt = At.ToTimestamp(),
        RejectedInARow = (uint)InARow,
        RejectedOfLast64 = (uint)OfLast,
        IsUnseen = IsUnseen,
    };
}

/// <summary>Each driver's newest rejected fix, for those who ask why there is no position. Bounded by the drivers. Thread-safe.</summary>
public sealed class LastRejects
{
    private readonly ConcurrentDictionary<int, LastReject> _bySlot = new();

    // Of this node's, those of which the other nodes have not heard, and when they were.
    private readonly ConcurrentDictionary<int, DateTimeOffset> _untold = new();

    /// <summary>A driver's fix was rejected, or the first one after it was taken.</summary>
    public void Set(int slot, in LastReject last) => (_bySlot[slot], _untold[slot]) = (last, last.At);

    /// <summary>A driver's fix was taken.</summary>
    /// <param name="slot">The driver.</param>
    /// <param name="ofLast">How many of the last ones were rejected.</param>
    /// <param name="at">When it came.</param>
    public void Taken(int slot, int ofLast, DateTimeOffset at)
    {
        if (_bySlot.TryGetValue(slot, out var last) && last.InARow > 0)
        {
            _bySlot[slot] = last with { InARow = 0, OfLast = ofLast };
            _untold[slot] = at;
        }
    }

    /// <summary>Another node has judged a driver's fix.</summary>
    internal void Hear(int slot, LastReject heard) =>
        _bySlot.AddOrUpdate(slot, heard, (_, known) => known.At > heard.At ? known : heard);

    /// <summary>The driver's newest one.</summary>
    public LastReject? Of(int slot) => _bySlot.TryGetValue(slot, out var last) ? last : null;

    /// <summary>Drivers who send nothing that is believed.</summary>
    public IEnumerable<int> Unseen() => _bySlot.Where(d => d.Value.IsUnseen).Select(d => d.Key);

    /// <summary>Some of those that the other nodes have not heard of.</summary>
    internal KeyValuePair<int, DateTimeOffset>[] Untold(int most) => [.. _untold.Take(most)];

    /// <summary>They have heard of it now, or nobody is there to hear.</summary>
    internal void Told(KeyValuePair<int, DateTimeOffset> told) => _untold.TryRemove(told);
}
