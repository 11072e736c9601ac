using RideTracking.Engine.Index;

namespace RideTracking.Engine.Fanout;

/// <summary>
/// What one follower of one driver has not seen yet: the newest state or nothing, however slowly it reads.
/// Any thread may take; dispose it to stop following (a wake already under way may still come).
/// </summary>
public sealed class DriverMailbox : IDisposable
{
    private readonly PositionFanout _fanout;
    private readonly Action _wake;
    private int _full = 1;

    internal DriverMailbox(PositionFanout fanout, int slot, Action wake)
    {
        _fanout = fanout;
        Slot = slot;
        _wake = wake;
    }

    /// <summary>The driver that is followed.</summary>
    public int Slot { get; }

    /// <summary>Takes the driver's newest state, if it has changed since it was taken last.</summary>
    /// <param name="driver">Without a fix when the driver was removed or its position went stale.</param>
    public bool TryTake(out DriverEntry driver)
    {
        if (Interlocked.Exchange(ref _full, 0) == 0)
        {
            driver = default;
            return false;
        }

        // Read after the box was emptied: a change in between fills it again and is at worst seen twice.
        _fanout.Index.TryGet(Slot, out driver);
        return true;
    }

    /// <summary>Stops following.</summary>
    public void Dispose() => _fanout.Unfollow(this);

    internal void Fill()
    {
        if (Interlocked.Exchange(ref _full, 1) == 0)
        {
            _wake();
        }
    }
}
