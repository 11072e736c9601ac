using RideTracking.Engine.Dispatch;

namespace RideTracking.Server.Trips;

/// <summary>
/// What one follower of a trip has not seen yet: the newest state, however slowly it reads. Nothing is lost by that, since
/// a trip carries all its events. Dispose it to stop following.
/// </summary>
internal sealed class TripFollower(TripBook book, Trip trip, Action wake) : IDisposable
{
    private readonly Lock _lock = new();
    private Trip _newest = trip;
    private volatile bool _isForgotten;

    /// <summary>Whether the store has lost the trip: there is nothing to follow any more.</summary>
    public bool IsForgotten => _isForgotten;

    /// <summary>The trip as last committed.</summary>
    public Trip Newest
    {
        get
        {
            lock (_lock)
            {
                return _newest;
            }
        }
    }

    public void Dispose() => book.Unfollow(this);

    // What is told may come late; the book has the newest, which is an older version where the store has forgotten the last ones.
    internal void Take(Trip told)
    {
        lock (_lock)
        {
            _newest = book.Find(told.Id) ?? told;
        }
    }

    internal void Wake() => wake();

    internal void Forget()
    {
        _isForgotten = true;
        wake();
    }
}
