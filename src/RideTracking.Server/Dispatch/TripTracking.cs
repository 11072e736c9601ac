using System.Threading.Channels;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Dispatch;

/// <summary>A driver has left a route.</summary>
internal sealed record RouteLeft(TrackedTrip Tracked, ulong RouteVersion, DriverPlace DriverAt);

/// <summary>
/// Holds each fix of a driver on a trip against the trip's route. Thread-safe: each driver by one thread at a time. A fix
/// of anybody else costs a look into an array.
/// </summary>
public sealed class TripTracking
{
    private readonly Lock _lock = new();
    private readonly TripBook _book;
    private readonly DriverSlots _slots;

    // At most one for each version of a trip's route, and the trips of a node are bounded by its drivers.
    private readonly Channel<RouteLeft> _left = Channel.CreateUnbounded<RouteLeft>(new UnboundedChannelOptions { SingleReader = true });
    private TrackedTrip?[] _bySlot = new TrackedTrip?[1024];

    public TripTracking(TripBook book, DriverSlots slots)
    {
        (_book, _slots) = (book, slots);
        book.TripChanged += Take;
    }

    internal ChannelReader<RouteLeft> Left => _left.Reader;

    /// <summary>A trip that was tracked is over. Must return at once.</summary>
    internal event Action<TrackedTrip>? Ended;

    /// <summary>A fix has passed the gate.</summary>
    public void Observe(int slot, in Fix fix, FixOutcome outcome)
    {
        var tracked = Volatile.Read(ref _bySlot);
        if (slot < tracked.Length && Volatile.Read(ref tracked[slot]) is { } trip && trip.Observe(fix, outcome) is > 0 and var left)
        {
            _left.Writer.TryWrite(new RouteLeft(trip, left, DriverPlaces.PlaceOf(fix)));
        }
    }

    /// <summary>The trip that a driver is on; null when it is on none.</summary>
    internal TrackedTrip? Of(string? driverId) =>
        driverId is not null && _slots.TryGet(driverId, out var slot) && Volatile.Read(ref _bySlot) is var tracked && slot < tracked.Length
            ? Volatile.Read(ref tracked[slot])
            : null;

    /// <summary>All trips under way.</summary>
    internal TrackedTrip[] All() => [.. Volatile.Read(ref _bySlot).OfType<TrackedTrip>()];

    private void Take(Trip told)
    {
        // What is told may come late; the book has the newest.
        if ((_book.Find(told.Id) ?? told) is not { DriverId: { } driverId } trip)
        {
            return;
        }

        var slot = _slots.GetOrAdd(driverId);
        TrackedTrip? ended = null;
        lock (_lock)
        {
            if (slot >= _bySlot.Length)
            {
                var longer = new TrackedTrip?[Math.Max(slot + 1, _bySlot.Length * 2)];
                _bySlot.CopyTo(longer, 0);
                Volatile.Write(ref _bySlot, longer);
            }

            var known = _bySlot[slot];
            if (known is not null && known.Trip.Id == trip.Id)
            {
                known.Take(trip);
                ended = trip.IsFinal ? known : null;
                Volatile.Write(ref _bySlot[slot], trip.IsFinal ? null : known);
            }
            else if (!trip.IsFinal)
            {
                Volatile.Write(ref _bySlot[slot], new TrackedTrip(trip));
            }
        }

        if (ended is not null)
        {
            Ended?.Invoke(ended);
        }
    }
}
