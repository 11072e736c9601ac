using System.Collections.Concurrent;
using System.Threading.Channels;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Progress;

/// <summary>A driver has left a route.</summary>
internal sealed record RouteLeft(TrackedDriver Tracked, ulong RouteVersion);

/// <summary>
/// Holds each fix of a driver with something to do against the way of the driver's plan. Thread-safe: each driver by one
/// thread at a time. A fix of anybody else costs a look into an array.
/// </summary>
public sealed class TripTracking
{
    private readonly Lock _lock = new();
    private readonly TripBook _book;
    private readonly DriverSlots _slots;
    private readonly TimeProvider _time;
    private readonly GateLimits _limits;
    private readonly AreaCounter _forgotten;

    // At most one for each version of a driver's route, and the routes of a node are bounded by its drivers.
    private readonly Channel<RouteLeft> _left = Channel.CreateUnbounded<RouteLeft>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, TrackedTrip> _trips = new(StringComparer.Ordinal);
    private TrackedDriver?[] _bySlot = new TrackedDriver?[1024];

    public TripTracking(TripBook book, CityFleet fleet, Area area, AreaMeter meter, GateLimits limits)
    {
        (_book, _slots, _time, _limits) = (book, fleet.Slots, area.Clock, limits);
        _forgotten = meter.Counter("ridetracking.trips.trail_forgotten", "{fix}", "Fixes that the full trail of a trip under way forgot, every other one.");
        book.KeepUp(Take, Take);
    }

    internal ChannelReader<RouteLeft> Left => _left.Reader;

    /// <summary>
    /// Trips that are over, the oldest first, for what is made of the whole of their way; bounded by how many can end until
    /// somebody looks, once a second.
    /// </summary>
    internal ConcurrentQueue<(TrackedTrip Tracked, DateTimeOffset Since)> Ended { get; } = new();

    /// <summary>A fix has passed the gate.</summary>
    public void Observe(int slot, in Fix fix, FixOutcome outcome)
    {
        if (At(slot) is { } driver && driver.Observe(fix, outcome) is > 0 and var left)
        {
            _left.Writer.TryWrite(new RouteLeft(driver, left));
        }
    }

    /// <summary>A fix has passed another node's gate. What follows on it, but for what is told here, is that node's to do.</summary>
    public void ObserveElsewhere(int slot, in Fix fix, FixOutcome outcome)
    {
        if (At(slot) is { } driver && driver.Observe(fix, outcome) is > 0 and var left)
        {
            driver.LeftInVain(left);
        }
    }

    private TrackedDriver? At(int slot)
    {
        var tracked = Volatile.Read(ref _bySlot);
        return slot < tracked.Length ? Volatile.Read(ref tracked[slot]) : null;
    }

    /// <summary>A driver with something to do; null for anybody else.</summary>
    internal TrackedDriver? Of(string? driverId) =>
        driverId is not null && _slots.TryGet(driverId, out var slot) && Volatile.Read(ref _bySlot) is var tracked && slot < tracked.Length
            ? Volatile.Read(ref tracked[slot])
            : null;

    /// <summary>All drivers with something to do.</summary>
    internal TrackedDriver[] All() => [.. Volatile.Read(ref _bySlot).OfType<TrackedDriver>()];

    // What is told may come late; the book has the newest.
    private void Take(DriverPlan told)
    {
        var slot = _slots.GetOrAdd(told.DriverId);
        lock (_lock)
        {
            var plan = _book.PlanOf(told.DriverId);
            if (slot >= _bySlot.Length)
            {
                var longer = new TrackedDriver?[Math.Max(slot + 1, _bySlot.Length * 2)];
                _bySlot.CopyTo(longer, 0);
                Volatile.Write(ref _bySlot, longer);
            }

            var known = _bySlot[slot];
            foreach (var gone in known?.Trips.Where(t => !plan.Trips.Any(p => p.TripId == t.Trip.Id) && _book.Find(t.Trip.Id) is null) ?? [])
            {
                _trips.Remove(gone.Trip.Id);
            }

            TrackedTrip[] trips = [.. plan.Trips.Select(t => Tracked(t.TripId)).OfType<TrackedTrip>()];
            if (trips.Length == 0)
            {
                Volatile.Write(ref _bySlot[slot], null);
            }
            else if (known is null)
            {
                Volatile.Write(ref _bySlot[slot], new TrackedDriver(plan, [.. trips]));
            }
            else
            {
                known.Take(plan, [.. trips]);
            }
        }
    }

    private TrackedTrip? Tracked(string tripId)
    {
        if (!_trips.TryGetValue(tripId, out var tracked) && _book.Find(tripId) is { IsFinal: false } trip)
        {
            _trips[tripId] = tracked = new TrackedTrip(trip, _forgotten, _limits);
        }

        return tracked;
    }

    private void Take(Trip told)
    {
        TrackedTrip? tracked;
        Trip trip;
        lock (_lock)
        {
            trip = _book.Find(told.Id) ?? told;
            if (!_trips.TryGetValue(trip.Id, out tracked))
            {
                return;
            }

            tracked.Take(trip);
            if (trip.IsFinal || trip.DriverId is null)
            {
                _trips.Remove(trip.Id);
            }
        }

        if (trip.IsFinal)
        {
            Ended.Enqueue((tracked, _time.GetUtcNow()));
        }
    }
}
