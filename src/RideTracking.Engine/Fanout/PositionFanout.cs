using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Fanout;

/// <summary>
/// Tells those who follow a driver or watch an area that something changed. It keeps no positions: a mailbox says
/// what is new, and its reader looks into the index. Thread-safe.
/// </summary>
public sealed class PositionFanout(DriverIndex index)
{
    private readonly Lock _subscribing = new();
    private volatile DriverMailbox[] _followers = [];
    private volatile ViewportMailbox[] _watchers = [];

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
        mailbox.FillAtStart();
        lock (_subscribing)
        {
            _followers = [.. _followers, mailbox];
        }

        return mailbox;
    }

    /// <summary>Watches an area. The mailbox starts with everybody inside, so drain once before waiting.</summary>
    /// <param name="viewport">The area.</param>
    /// <param name="wake">As of <see cref="Follow"/>.</param>
    public ViewportMailbox Watch(GeoRectangle viewport, Action wake)
    {
        var mailbox = new ViewportMailbox(this, viewport, wake);
        lock (_subscribing)
        {
            _watchers = [.. _watchers, mailbox];
        }

        var inside = new DriverEntry[64];
        int count;
        while ((count = index.Within(viewport, inside)) > inside.Length)
        {
            inside = new DriverEntry[count + 64];
        }

        foreach (DriverEntry driver in inside.AsSpan(0, count))
        {
            mailbox.Mark(driver.Slot, wake: false);
        }

        return mailbox;
    }

    /// <summary>Tells everybody concerned of a change that the index has already made.</summary>
    public void Publish(in DriverChange change)
    {
        int slot = change.Current.Slot;
        foreach (DriverMailbox mailbox in _followers)
        {
            if (mailbox.Slot == slot)
            {
                mailbox.Fill();
            }
        }

        foreach (ViewportMailbox mailbox in _watchers)
        {
            if (IsInside(mailbox.Viewport, change.Previous) || IsInside(mailbox.Viewport, change.Current))
            {
                mailbox.Mark(slot, wake: true);
            }
        }
    }

    internal void Unfollow(DriverMailbox mailbox)
    {
        lock (_subscribing)
        {
            _followers = [.. _followers.Where(other => other != mailbox)];
        }
    }

    internal void Unwatch(ViewportMailbox mailbox)
    {
        lock (_subscribing)
        {
            _watchers = [.. _watchers.Where(other => other != mailbox)];
        }
    }

    private static bool IsInside(GeoRectangle viewport, in DriverEntry driver) =>
        driver.HasFix && viewport.Contains(driver.Fix.Point);
}
