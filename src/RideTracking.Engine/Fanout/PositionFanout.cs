using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Fanout;

/// <summary>
/// Tells those who follow a driver or watch an area that something changed. It keeps no positions: a mailbox says
/// what is new, and its reader looks into the index. Thread-safe.
/// </summary>
public sealed class PositionFanout(DriverIndex index)
{
    // More drivers than this inside a new viewport: rather than collect them, let the first drain look at everybody.
    private const int MaxCollected = 4_096;

    private readonly Lock _following = new();
    private readonly SlotTable<DriverMailbox[]?> _followers = new();
    private readonly WatcherCells _watchers = new();

    internal DriverIndex Index => index;

    /// <summary>Follows one driver. The mailbox starts full, so take once before waiting for the first wake.</summary>
    /// <param name="slot">The driver.</param>
    /// <param name="wake">
    /// Called, on the thread that published and outside of any lock, each time the mailbox turns from empty to full.
    /// Must return at once and not throw.
    /// </param>
    public DriverMailbox Follow(int slot, Action wake)
    {
        var mailbox = new DriverMailbox(this, slot, wake);
        lock (_following)
        {
            ref DriverMailbox[]? followers = ref _followers.GetOrAdd(slot);
            Volatile.Write(ref followers, [.. followers ?? [], mailbox]);
        }

        SeeWhatWasPublishedBefore();
        return mailbox;
    }

    /// <summary>Watches an area. The mailbox starts with everybody inside, so drain once before waiting.</summary>
    /// <param name="viewport">The area; must be valid.</param>
    /// <param name="wake">As of <see cref="Follow"/>.</param>
    public ViewportMailbox Watch(GeoRectangle viewport, Action wake)
    {
        var mailbox = new ViewportMailbox(this, viewport, wake);
        _watchers.Add(mailbox);
        SeeWhatWasPublishedBefore();
        var inside = new DriverEntry[MaxCollected];
        int count = index.Within(viewport, inside);
        if (count <= inside.Length)
        {
            foreach (ref readonly DriverEntry driver in inside.AsSpan(0, count))
            {
                mailbox.Mark(driver.Slot);
            }
        }
        else
        {
            for (int slot = 0; slot < index.SlotCapacity; slot++)
            {
                mailbox.Mark(slot);
            }
        }

        return mailbox;
    }

    /// <summary>
    /// Tells everybody concerned of a change that the index has already made; costs next to nothing when nobody is.
    /// </summary>
    public void Publish(in DriverChange change)
    {
        int slot = change.Current.Slot;
        if (_followers.Contains(slot) && Volatile.Read(ref _followers[slot]) is { } followers)
        {
            foreach (DriverMailbox mailbox in followers)
            {
                mailbox.Fill();
            }
        }

        if (!_watchers.IsEmpty)
        {
            _watchers.Mark(change);
        }
    }

    /// <summary>Whether somebody follows the driver.</summary>
    public bool IsFollowed(int slot) => _followers.Contains(slot) && Volatile.Read(ref _followers[slot]) is not null;

    /// <summary>The drivers who are followed; those who begin or end meanwhile may be among them or not.</summary>
    public IEnumerable<int> FollowedSlots()
    {
        for (int slot = 0; slot < _followers.Capacity; slot++)
        {
            if (IsFollowed(slot))
            {
                yield return slot;
            }
        }
    }

    internal void Unfollow(DriverMailbox mailbox)
    {
        lock (_following)
        {
            ref DriverMailbox[]? followers = ref _followers[mailbox.Slot];
            DriverMailbox[] others = [.. (followers ?? []).Where(other => other != mailbox)];
            Volatile.Write(ref followers, others.Length > 0 ? others : null);
        }
    }

    internal void Unwatch(ViewportMailbox mailbox) => _watchers.Remove(mailbox);

    /// <summary>
    /// A publisher writes the index, then looks for subscribers; a subscriber enters itself, then looks into the index.
    /// Neither may overtake its own write, or both miss each other. The fence for it is paid here, by the few who
    /// subscribe, for all threads, rather than for every fix.
    /// </summary>
    private static void SeeWhatWasPublishedBefore() => Interlocked.MemoryBarrierProcessWide();
}
