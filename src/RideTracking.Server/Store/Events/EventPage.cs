namespace RideTracking.Server.Store.Events;

/// <summary>What an <see cref="EventLog{T}"/> has after a place.</summary>
/// <param name="Newest">The newest event there is, as it was just before the others were read.</param>
/// <param name="Events">In their order; without the event where it cannot be read.</param>
/// <param name="IsLast">Nothing came after them.</param>
internal readonly record struct EventPage<T>(EventPosition Newest, IReadOnlyList<(EventEntry Entry, T? Event)> Events, bool IsLast)
{
    /// <summary>Whether this goes on at a place, and why not.</summary>
    public EventGap GapAfter(EventPosition place)
    {
        if (Events is [var (first, _), ..])
        {
            return first.At.Number > place.Number + 1 ? EventGap.Removed : first.Before.Fits(place) ? EventGap.None : EventGap.Unknown;
        }

        return Newest.Number > place.Number ? EventGap.Removed : Newest.Fits(place) ? EventGap.None : EventGap.Unknown;
    }
}

/// <summary>What is wrong with a place in an <see cref="EventLog{T}"/>.</summary>
internal enum EventGap
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Events after it are not kept any more.</summary>
    Removed,

    /// <summary>It is none of the store's: the store has forgotten it.</summary>
    Unknown,
}
