using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Following;
using RideTracking.Server.Roads;

namespace RideTracking.Server.Progress;

/// <summary>A driver with something to do, as the fixes tell: how far along the way of the plan. Thread-safe.</summary>
internal sealed class TrackedDriver(DriverPlan plan, ImmutableArray<TrackedTrip> trips)
{
    private readonly Lock _lock = new();
    private DriverPlan _plan = plan;
    private ImmutableArray<TrackedTrip> _trips = trips;
    private RouteFollower? _follower;
    private ulong _followed;
    private ulong _left;
    private long _progressAt;
    private bool _isParked;

    /// <summary>The plan as last committed.</summary>
    public DriverPlan Plan
    {
        get
        {
            lock (_lock)
            {
                return _plan;
            }
        }
    }

    /// <summary>The trips of the plan.</summary>
    public ImmutableArray<TrackedTrip> Trips
    {
        get
        {
            lock (_lock)
            {
                return _trips;
            }
        }
    }

    /// <summary>The plan as the book has it now, older where the store has forgotten the last one.</summary>
    public void Take(DriverPlan plan, ImmutableArray<TrackedTrip> trips)
    {
        lock (_lock)
        {
            (_plan, _trips) = (plan, trips);
        }
    }

    /// <summary>A fix of the driver.</summary>
    /// <returns>The version of the route that it has just left, told once; else 0.</returns>
    public ulong Observe(in Fix fix, FixOutcome outcome)
    {
        lock (_lock)
        {
            foreach (var trip in _trips)
            {
                trip.Keep(fix);
            }

            if (outcome != FixOutcome.Accepted || _plan.Route is not { } route)
            {
                return 0;
            }

            _isParked = fix.IsParked;
            if (_isParked && _followed == route.Version)
            {
                // The car is where it was, whatever its noise says.
                _progressAt = fix.FixedAtUnixMs;
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

    /// <summary>The driver could not be told of a new route: tell again that it has left this one.</summary>
    public void LeftInVain(ulong routeVersion)
    {
        lock (_lock)
        {
            _left = _left == routeVersion ? 0 : _left;
        }
    }

    /// <summary>
    /// Where on the way's line a fix belongs, never behind where the car was already, and the line's direction there; null while
    /// the car is off the way, or where the way is no road.
    /// </summary>
    /// <param name="fixedAtUnixMs">The fix's time; the place may be that of a newer one.</param>
    public (GeoPoint Place, double CourseDegrees)? PlaceOnRoute(long fixedAtUnixMs)
    {
        lock (_lock)
        {
            return _follower is not null && _plan.Route is { Route.Source: RouteSource.Roads } route && route.Version == _followed
                && _progressAt >= fixedAtUnixMs && _follower.Progress is { IsOffRoute: false } progress
                ? (progress.Place, progress.CourseDegrees)
                : null;
        }
    }

    /// <summary>
    /// How much later than the plan says the car will be at its next stop, as of its last fix; null when that is not known, or grows by the second
    /// since the car is parked: the way is the same, and whoever follows sees the arrival move.
    /// </summary>
    public TimeSpan? Delay()
    {
        lock (_lock)
        {
            return !_isParked && _follower is not null && _plan.Route is { } route && route.Version == _followed
                && _follower.Progress is var progress && !progress.IsOffRoute && progress.NextWaypoint < route.WaypointIds.Length
                && _plan.ArrivalAt(route.WaypointIds[progress.NextWaypoint]) is { } planned
                ? ProgressAt + progress.NextWaypointTime - planned
                : null;
        }
    }

    /// <summary>As the contract has it; null before the first fix on the route.</summary>
    /// <param name="learned">How sure arrivals are.</param>
    /// <param name="tripId">The trip whose waypoints are told; null for all.</param>
    public V1.RouteProgress? Progress(LearnedTimes learned, string? tripId = null)
    {
        lock (_lock)
        {
            if (_follower is null || _plan.Route is not { } route || route.Version != _followed)
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
            var (meters, arrival) = (progress.NextWaypointMeters, ProgressAt + progress.NextWaypointTime);
            var whole = new TimeSpan(route.Route.Legs.Take(progress.NextWaypoint).Sum(l => l.Duration.Ticks));
            for (var next = progress.NextWaypoint; next < route.WaypointIds.Length; next++)
            {
                whole += route.Route.Legs[next].Duration;
                if (next > progress.NextWaypoint)
                {
                    meters += route.Route.Legs[next].DistanceMeters;
                    arrival += route.Route.Legs[next].Duration;
                }

                if (tripId is null || _plan.Stops.Any(s => s.TripId == tripId && s.WaypointId == route.WaypointIds[next]))
                {
                    var range = route.Route.Source == RouteSource.Roads ? learned.RangeOfRest(whole, arrival - ProgressAt, ProgressAt) : null;
                    wire.Ahead.Add(new V1.WaypointAhead
                    {
                        WaypointId = route.WaypointIds[next],
                        DistanceMeters = meters,
                        EstimatedArrival = arrival.ToTimestamp(),
                        // The roads' own word is never left out of the range.
                        EstimatedArrivalLow = range is { } r ? Earlier(ProgressAt + r.Low, arrival).ToTimestamp() : null,
                        EstimatedArrivalHigh = range is { } s ? Later(ProgressAt + s.High, arrival).ToTimestamp() : null,
                    });
                }
            }

            return wire;
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private DateTimeOffset ProgressAt => DateTimeOffset.FromUnixTimeMilliseconds(_progressAt);
}
