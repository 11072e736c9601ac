using System.Collections.Concurrent;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Fanout;

/// <summary>
/// The watchers by the coarse cells that their viewports touch, so that a change asks only those nearby.
/// Thread-safe; finding takes no lock.
/// </summary>
internal sealed class WatcherCells
{
    private const double CellSizeMeters = 5_000;

    // A viewport over more cells than this is kept apart and asked about every change: that is cheaper than to enter it in
    // all of them, and one that sees half a country is concerned by most changes anyway.
    private const int MaxCells = 1_024;

    private readonly EarthGrid _grid = new(CellSizeMeters);
    private readonly ConcurrentDictionary<long, ViewportMailbox[]> _near = new();
    private readonly Lock _changing = new();
    private volatile ViewportMailbox[] _wide = [];
    private volatile int _count;

    public bool IsEmpty => _count == 0;

    public void Add(ViewportMailbox watcher)
    {
        lock (_changing)
        {
            CellCover cover = _grid.CoverOf(watcher.Viewport);
            if (_grid.SizeOf(cover) > MaxCells)
            {
                _wide = [.. _wide, watcher];
            }
            else
            {
                foreach (long key in new CellKeys(_grid, cover))
                {
                    _near[key] = [.. At(key), watcher];
                }
            }

            _count++;
        }
    }

    /// <summary>Takes a watcher out, if it is there.</summary>
    public void Remove(ViewportMailbox watcher)
    {
        lock (_changing)
        {
            bool found = _wide.Contains(watcher);
            if (found)
            {
                _wide = [.. _wide.Where(other => other != watcher)];
            }
            else
            {
                CellCover cover = _grid.CoverOf(watcher.Viewport);
                if (_grid.SizeOf(cover) <= MaxCells)
                {
                    foreach (long key in new CellKeys(_grid, cover))
                    {
                        found |= RemoveAt(key, watcher);
                    }
                }
            }

            if (found)
            {
                _count--;
            }
        }
    }

    /// <summary>Marks a change in the mailbox of every watcher that saw the driver before or sees it now.</summary>
    public void Mark(in DriverChange change)
    {
        Mark(_wide, change);
        long? now = KeyOf(change.Current), before = KeyOf(change.Previous);
        if (now is { } here)
        {
            Mark(At(here), change);
        }

        if (before is { } there && there != now)
        {
            Mark(At(there), change);
        }
    }

    private static void Mark(ViewportMailbox[] watchers, in DriverChange change)
    {
        foreach (ViewportMailbox watcher in watchers)
        {
            if (watcher.Shows(change.Current) || watcher.Shows(change.Previous))
            {
                watcher.Mark(change.Current.Slot);
            }
        }
    }

    private bool RemoveAt(long key, ViewportMailbox watcher)
    {
        ViewportMailbox[] watchers = At(key);
        ViewportMailbox[] others = [.. watchers.Where(other => other != watcher)];
        if (others.Length > 0)
        {
            _near[key] = others;
        }
        else
        {
            _near.TryRemove(key, out _);
        }

        return others.Length < watchers.Length;
    }

    private ViewportMailbox[] At(long key) => _near.GetValueOrDefault(key, []);

    private long? KeyOf(in DriverEntry driver) =>
        driver.HasFix ? _grid.KeyOf(driver.Fix.LatitudeE7, driver.Fix.LongitudeE7) : null;
}
