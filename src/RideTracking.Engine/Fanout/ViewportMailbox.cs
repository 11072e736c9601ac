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
/// What one watcher of a viewport has not seen yet: each changed driver once, however slowly it reads. One caller at a
/// time may drain; dispose it to stop watching (a wake already under way may still come).
/// </summary>
public sealed class ViewportMailbox : IDisposable
{
    private readonly PositionFanout _fanout;
    private readonly Action _wake;
    private readonly SlotSet _changed = new();
    private readonly SlotSet _shown = new();
    private int _full = 1;
    private int _next; // where the next drain goes on, so that nobody waits for those with lower slots

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
    /// <param name="changes">Filled from the start; must not be empty.</param>
    /// <returns>How many were taken; as many as fit means that there may be more, so drain again.</returns>
    public int Drain(Span<ViewportChange> changes)
    {
        // Emptied before looking: what changes from now on wakes again.
        Interlocked.Exchange(ref _full, 0);
        int count = 0;
        bool wrapped = _next == 0;
        while (count < changes.Length)
        {
            int slot = _changed.TakeFirstFrom(_next);
            if (slot >= 0)
            {
                _next = slot + 1;
                if (TryTell(slot, out changes[count]))
                {
                    count++;
                }
            }
            else if (wrapped)
            {
                _next = 0;
                break;
            }
            else
            {
                wrapped = true;
                _next = 0;
            }
        }

        return count;
    }

    /// <summary>Stops watching.</summary>
    public void Dispose() => _fanout.Unwatch(this);

    internal void Mark(int slot)
    {
        if (_changed.Add(slot) && Interlocked.Exchange(ref _full, 1) == 0)
        {
            _wake();
        }
    }

    internal bool Shows(in DriverEntry driver) => driver.HasFix && Viewport.Contains(driver.Fix.Point);

    /// <summary>What the watcher has to be told of a driver, by the index of now and by what it was told before.</summary>
    private bool TryTell(int slot, out ViewportChange change)
    {
        _fanout.Index.TryGet(slot, out DriverEntry driver);
        if (Shows(driver))
        {
            change = new ViewportChange(
                _shown.Add(slot) ? ViewportChangeKind.Entered : ViewportChangeKind.Changed, driver);
            return true;
        }

        change = new ViewportChange(ViewportChangeKind.Left, driver);
        return _shown.Remove(slot);
    }
}
