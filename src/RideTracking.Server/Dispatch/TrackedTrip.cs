using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Following;

namespace RideTracking.Server.Dispatch;

/// <summary>A trip under way as its driver's fixes tell it: how far along the route, and what was driven. Thread-safe.</summary>
internal sealed class TrackedTrip(Trip trip)
{
    // A day of a fix every two seconds with room to spare; who sends more often has every other one forgotten.
    private const int MaxFixes = 50_000;

    private readonly Lock _lock = new();
    private List<Fix> _fixes = [];
    private Trip _trip = trip;
    private RouteFollower? _follower;
    private ulong _followed;
    private ulong _left;
    private long _progressAt;
    private TimeSpan? _foretold;
    private int _foretoldAfterUpdates;

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

    /// <summary>The trip was changed.</summary>
    public void Take(Trip trip)
    {
        lock (_lock)
        {
            if (trip.Version > _trip.Version)
            {
                if (trip.State == TripState.InProgress && _trip.State != TripState.InProgress && trip.Route is { } route)
                {
                    _foretold = route.Route.Duration;
                    _foretoldAfterUpdates = trip.WaypointUpdates;
                }

                _trip = trip;
            }
        }
    }

    /// <summary>
    /// How long the ride was to take when it began, and how long it took; null unless it went from a pick-up to a drop-off
    /// as it was foretold: without stops, without changes.
    /// </summary>
    public (TimeSpan Foretold, TimeSpan Actual, DateTimeOffset StartedAt)? Ride()
    {
        lock (_lock)
        {
            return _trip is { State: TripState.Completed, Waypoints: [{ DoneAt: { } start }, { ArrivedAt: { } end }] }
                && _foretold is { } foretold && _foretoldAfterUpdates == _trip.WaypointUpdates
                ? (foretold, end - start, start)
                : null;
        }
    }

    /// <summary>A fix of the driver.</summary>
    /// <returns>The version of the route that it has just left, told once; else 0.</returns>
    public ulong Observe(in Fix fix, FixOutcome outcome)
    {
        lock (_lock)
        {
            Keep(fix);
            if (outcome != FixOutcome.Accepted || _trip.Route is not { } route)
            {
                return 0;
            }

            if (_followed != route.Version)
            {
                _follower = new RouteFollower(route.Route);
                _followed = route.Version;
            }

            var isOff = _follower!.Observe(fix).IsOffRoute;
            _progressAt = fix.FixedAtUnixMs;
            if (!isOff || _left == _followed)
            {
                return 0;
            }

            return _left = _followed;
        }
    }

    /// <summary>A fix from before the server's start, read from the log: it tells what was driven, not where the driver is.</summary>
    public void Restore(in Fix fix)
    {
        lock (_lock)
        {
            Keep(fix);
        }
    }

    /// <summary>The driver could not be told of a new route: tell again that it has left this one.</summary>
    public void LeftInVain(ulong routeVersion)
    {
        lock (_lock)
        {
            _left = _left == routeVersion ? 0 : _left;
        }
    }

    /// <summary>As the contract has it; null before the first fix on the route.</summary>
    public V1.RouteProgress? Progress()
    {
        lock (_lock)
        {
            if (_follower is null || _trip.Route is not { } route || route.Version != _followed)
            {
                return null;
            }

            var progress = _follower.Progress;
            var wire = new V1.RouteProgress
            {
                RouteVersion = route.Version,
                DrivenMeters = progress.DrivenMeters,
                IsOffRoute = progress.IsOffRoute,
            };
            var (meters, arrival) = (progress.NextWaypointMeters, DateTimeOffset.FromUnixTimeMilliseconds(_progressAt) + progress.NextWaypointTime);
            for (var next = progress.NextWaypoint; next < route.WaypointIds.Length; next++)
            {
                if (next > progress.NextWaypoint)
                {
                    meters += route.Route.Legs[next].DistanceMeters;
                    arrival += route.Route.Legs[next].Duration;
                }

                wire.Ahead.Add(new V1.WaypointAhead
                {
                    WaypointId = route.WaypointIds[next],
                    DistanceMeters = meters,
                    EstimatedArrival = arrival.ToTimestamp(),
                });
            }

            return wire;
        }
    }

    /// <summary>The driver's fixes between two times by the server's clock, late ones in their places.</summary>
    public List<Fix> FixesBetween(DateTimeOffset from, DateTimeOffset to)
    {
        lock (_lock)
        {
            var (first, last) = (from.ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds());
            // The log may have given back what came again by itself.
            return
            [
                .. _fixes.Where(f => f.FixedAtUnixMs >= first && f.FixedAtUnixMs <= last)
                    .DistinctBy(f => (f.FixedAtUnixMs, f.LatitudeE7, f.LongitudeE7)).OrderBy(f => f.FixedAtUnixMs),
            ];
        }
    }

    private void Keep(in Fix fix)
    {
        if (_fixes.Count == MaxFixes)
        {
            _fixes = [.. _fixes.Where((_, i) => i % 2 == 0)];
        }

        _fixes.Add(fix);
    }
}
