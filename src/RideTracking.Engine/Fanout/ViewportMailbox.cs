using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Fanout;

/// <summary>What a driver did to a viewport since its watcher looked last.</summary>
public enum ViewportChangeKind : byte
{
    /// <summary>The watcher has not seen this driver before, or saw it leave.</summary>
    Entered,

    /// <summary>The driver is still inside; its position or status is new.</summary>
    Changed,

    /// <summary>The driver went outside, was removed, or its position went stale.</summary>
    Left,
}

/// <summary>One driver's change as a watcher sees it.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Driver">The newest state; of a driver that left, it may have no fix.</param>
public readonly record struct ViewportChange(ViewportChangeKind Kind, DriverEntry Driver);

/// <summary>
/// What one watcher of a viewport has not seen yet: each changed driver once, however slowly it reads.
/// One thread at a time may drain; dispose it to stop watching.
/// </summary>
public sealed class ViewportMailbox : IDisposable
{
    private readonly PositionFanout _fanout;
    private readonly Action _wake;
    private readonly Lock _lock = new();
    private readonly SortedSet<int> _dirty = [];
    private readonly HashSet<int> _shown = [];

    internal ViewportMailbox(PositionFanout fanout, GeoRectangle viewport, Action wake)
    {
        _fanout = fanout;
        Viewport = viewport;
        _wake = wake;
    }

    /// <summary>The area that is watched.</summary>
    public GeoRectangle Viewport { get; }

    /// <summary>
    /// Takes changes. The first drain after <see cref="PositionFanout.Watch"/> yields everybody inside as entered.
    /// </summary>
    /// <param name="changes">Filled from the start.</param>
    /// <returns>How many were taken; as many as fit means that there may be more, so drain again.</returns>
    public int Drain(Span<ViewportChange> changes)
    {
        int count = 0;
        while (count < changes.Length)
        {
            int slot;
            lock (_lock)
            {
                if (_dirty.Count == 0)
                {
                    break;
                }

                slot = _dirty.Min;
                _dirty.Remove(slot);
            }

            _fanout.Index.TryGet(slot, out DriverEntry driver);
            if (driver.HasFix && Viewport.Contains(driver.Fix.Point))
            {
                changes[count++] = new ViewportChange(
                    _shown.Add(slot) ? ViewportChangeKind.Entered : ViewportChangeKind.Changed, driver);
            }
            else if (_shown.Remove(slot))
            {
                changes[count++] = new ViewportChange(ViewportChangeKind.Left, driver);
            }
        }

        return count;
    }

    /// <summary>Stops watching.</summary>
    public void Dispose() => _fanout.Unwatch(this);

    internal void Mark(int slot, bool wake)
    {
        bool wasEmpty;
        lock (_lock)
        {
            wasEmpty = _dirty.Count == 0;
            _dirty.Add(slot);
        }

        if (wasEmpty && wake)
        {
            _wake();
        }
    }
}
