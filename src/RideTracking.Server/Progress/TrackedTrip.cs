using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Progress;

/// <summary>A trip under way and what its driver's fixes tell was driven. Thread-safe.</summary>
/// <param name="trip">The trip.</param>
/// <param name="forgotten">Counts the fixes that a full trail forgets.</param>
/// <param name="limits">What is believed of fixes.</param>
internal sealed class TrackedTrip(Trip trip, AreaCounter forgotten, GateLimits limits)
{
    private readonly Lock _lock = new();
    private readonly DrivenTrail _trail = new();
    private Trip _trip = trip;

    // Where the car was last, and until when it was parked there.
    private Fix? _place;

    /// <summary>The trip as last committed.</summary>
    public Trip Trip
    {
        get
        {
            lock (_lock)
            {
                return _trip;
            }
        }
    }

    /// <summary>The trip as the book has it now, older where the store has forgotten the last one.</summary>
    public void Take(Trip trip)
    {
        lock (_lock)
        {
            _trip = trip;
        }
    }

    /// <summary>
    /// How long the ride was to take when it began, and how long it took; null unless it went from a pick-up to a drop-off
    /// as it was foretold: without stops, without changes, without others in the car.
    /// </summary>
    public (TimeSpan Foretold, TimeSpan Actual, DateTimeOffset StartedAt)? Ride() =>
        Trip is { State: TripState.Completed, Terms.CanShare: false, Waypoints: [{ DoneAt: { } start }, { ArrivedAt: { } end } dropoff] } trip
        && trip.Promised.LastOrDefault(p => p.WaypointId == dropoff.Id) is { } promised
        && trip.Events.LastOrDefault(e => e.Kind is TripEventKind.WaypointDone or TripEventKind.WaypointsUpdated) is { Kind: TripEventKind.WaypointDone }
            ? (promised.Arrival - promised.ToldAt, end - start, start)
            : null;

    /// <summary>A fix of the driver, also one from before the server's start, read from the log.</summary>
    public void Keep(in Fix fix)
    {
        lock (_lock)
        {
            if (fix.IsParked && _place is { } place)
            {
                // The car is where it was; of the time there, beginning and end say all.
                _place = place with { FixedAtUnixMs = fix.FixedAtUnixMs, IsParked = true };
                return;
            }

            if (_place is { IsParked: true } left)
            {
                Add(left);
            }

            Add(fix);
            _place = fix;
        }
    }

    private void Add(in Fix fix)
    {
        if (_trail.Add(fix) is > 0 and var others)
        {
            forgotten.Add(others);
        }
    }

    /// <summary>The driver's fixes between two times by the server's clock that are believed, late ones in their places.</summary>
    public List<Fix> FixesBetween(DateTimeOffset from, DateTimeOffset to)
    {
        lock (_lock)
        {
            var (first, last) = (from.ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds());
            // What the log has given back as well is believed once.
            return BelievedFixes.Of(_trail.Fixes().Where(f => f.FixedAtUnixMs >= first && f.FixedAtUnixMs <= last).OrderBy(f => f.FixedAtUnixMs), limits);
        }
    }
}
