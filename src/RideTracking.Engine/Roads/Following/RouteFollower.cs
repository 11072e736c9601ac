using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Roads.Following;

/// <summary>
/// How far along its route one trip is, told by its fixes. Observing a fix allocates nothing and looks at the stretch of
/// the route where the driver can be by now, so a route may cross itself or use a street twice. Not thread-safe: one
/// owner, the one who handles the driver's fixes in order.
/// <para>
/// On a straight-line route what remains is the distance to the next waypoint as the crow flies and the legs after it, so
/// it may grow when the streets lead away; only who is very far from the line is off it.
/// </para>
/// </summary>
public sealed partial class RouteFollower
{
    private readonly RouteLine _line;
    private readonly FollowLimits _limits;
    private readonly WaypointVisit[] _visits;
    private readonly bool _isStraight;
    private readonly double _againstCosine;

    private long _lastAt = long.MinValue;
    private float _lastEast;
    private float _lastNorth;
    private SpeedByPlaces _speed;
    private RoutePlace _place; // the furthest reached
    private double _distanceToRoute;
    private int _next;
    private float _closestToNext = float.PositiveInfinity;
    private long _strayedAt;
    private int _strayed; // fixes in a row off the route
    private int _returned; // fixes in a row back on it
    private bool _isOffRoute;

    /// <exception cref="FormatException">The route's polyline is none.</exception>
    /// <exception cref="ArgumentException">The route has no leg or no line.</exception>
    public RouteFollower(Route route, FollowLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(route);
        _line = new RouteLine(route);
        _limits = limits ?? new FollowLimits();
        _visits = new WaypointVisit[_line.WaypointCount];
        _isStraight = route.Source == RouteSource.StraightLine;
        _againstCosine = Math.Cos(_limits.AgainstDegrees * Math.PI / 180);
        Progress = Describe();
    }

    /// <summary>As of the newest fix; before the first, at the start of the route.</summary>
    public RouteProgress Progress { get; private set; }

    /// <summary>What became of a waypoint: the point at the end of the leg with this index.</summary>
    public WaypointVisit VisitOf(int waypoint) => _visits[waypoint];

    /// <summary>
    /// Takes a fix of the driver and tells the progress. A fix that is not newer than the last one changes nothing: the
    /// present never moves backwards.
    /// </summary>
    public RouteProgress Observe(in Fix fix)
    {
        if (fix.FixedAtUnixMs <= _lastAt)
        {
            return Progress;
        }

        Step step = StepTo(fix);
        if (_isStraight)
        {
            FollowStraight(step);
        }
        else
        {
            FollowRoads(step);
        }

        VisitWaypoints(step);
        (_lastAt, _lastEast, _lastNorth) = (fix.FixedAtUnixMs, step.East, step.North);
        return Progress = Describe();
    }

    /// <summary>What a fix says, on the plane, beside the one before.</summary>
    private Step StepTo(in Fix fix)
    {
        (float east, float north) = _line.ToPlane(fix.Point);
        bool isFirst = _lastAt == long.MinValue;
        double seconds = isFirst ? 0 : (fix.FixedAtUnixMs - _lastAt) / 1e3;
        double movedEast = isFirst ? 0 : east - _lastEast, movedNorth = isFirst ? 0 : north - _lastNorth;
        double moved = Math.Sqrt(movedEast * movedEast + movedNorth * movedNorth);
        double accuracy = float.IsNaN(fix.HorizontalAccuracyMeters) ? _limits.AssumedAccuracyMeters : fix.HorizontalAccuracyMeters;
        double speedByPlaces = _speed.Observe(east, north, fix.FixedAtUnixMs);
        double speed = float.IsNaN(fix.SpeedMetersPerSecond) ? speedByPlaces : fix.SpeedMetersPerSecond;

        // The phone's course, or where the last two fixes are far enough apart, the way from one to the other.
        double courseEast = 0, courseNorth = 0;
        if (!float.IsNaN(fix.CourseDegrees) && !float.IsNaN(fix.SpeedMetersPerSecond) && speed >= _limits.CourseSpeedMetersPerSecond)
        {
            (courseEast, courseNorth) = Math.SinCos(fix.CourseDegrees * (Math.PI / 180));
        }
        else if (moved > 2 * accuracy && moved >= seconds * _limits.CourseSpeedMetersPerSecond)
        {
            (courseEast, courseNorth) = (movedEast / moved, movedNorth / moved);
        }

        return new Step
        {
            AtUnixMs = fix.FixedAtUnixMs,
            East = east,
            North = north,
            Seconds = seconds,
            Moved = moved,
            Accuracy = accuracy,
            Speed = speed,
            CourseEast = courseEast,
            CourseNorth = courseNorth,
        };
    }

    private void FollowRoads(in Step step)
    {
        RoutePlace found = _isOffRoute ? FindOnLeg(step) : FindNear(step);
        bool isOn = IsOn(found, step);
        if (!isOn && !_isOffRoute && _strayed + 1 >= _limits.OffRouteFixes)
        {
            // Perhaps it was the place that was wrong, not the driver: anywhere on this leg will do.
            found = FindOnLeg(step);
            isOn = IsOn(found, step);
        }

        _distanceToRoute = found.Distance;
        if (!isOn)
        {
            CountOff(step.AtUnixMs);
        }
        else if (CountOn())
        {
            bool jumps = found.Along < _place.Along - _limits.BehindMeters - step.Accuracy;
            if (found.Along > _place.Along || jumps || _returned > 0)
            {
                _place = found; // behind by jitter otherwise: stays
            }

            _returned = 0;
        }
    }

    private void FollowStraight(in Step step)
    {
        int next = Math.Min(_next, _line.WaypointCount - 1);
        double from = _line.AlongOf(next - 1), to = _line.AlongOf(next);
        _distanceToRoute = FindOnLeg(step).Distance;
        _place = new RoutePlace { East = step.East, North = step.North, Along = to - DistanceTo(next, step) };
        if (_distanceToRoute > Math.Max(_limits.StraightLineOffRouteMeters, (to - from) / 2))
        {
            CountOff(step.AtUnixMs);
        }
        else if (CountOn())
        {
            _returned = 0;
        }
    }

    private bool IsOn(in RoutePlace found, in Step step) =>
        found.Distance <= Math.Max(_limits.OffRouteMeters, _limits.OffRouteAccuracies * step.Accuracy)
        && found.CourseCosine > _againstCosine;

    /// <summary>True when the driver is on the route by now, not only his fix.</summary>
    private bool CountOn()
    {
        _strayed = 0;
        if (_isOffRoute && ++_returned < _limits.BackOnRouteFixes)
        {
            return false;
        }

        _isOffRoute = false;
        return true;
    }

    private void CountOff(long atUnixMs)
    {
        _returned = 0;
        if (_strayed++ == 0)
        {
            _strayedAt = atUnixMs;
        }

        _isOffRoute |= _strayed >= _limits.OffRouteFixes && atUnixMs - _strayedAt >= _limits.OffRouteFor.TotalMilliseconds;
    }

    private RouteProgress Describe()
    {
        bool isDone = _next == _line.WaypointCount;
        double toNext = isDone ? 0 : Math.Max(0, _line.AlongOf(_next) - _place.Along);
        double secondsToNext = isDone ? 0 : toNext * _line.SecondsPerMeter(_next);
        double after = isDone ? 0 : _line.LengthMeters - _line.AlongOf(_next);
        return new RouteProgress
        {
            DrivenMeters = Math.Max(0, isDone ? _line.LengthMeters : _place.Along),
            RemainingMeters = toNext + after,
            RemainingTime = TimeSpan.FromSeconds(secondsToNext + (isDone ? 0 : _line.SecondsFrom(_next))),
            NextWaypoint = _next,
            NextWaypointMeters = toNext,
            NextWaypointTime = TimeSpan.FromSeconds(secondsToNext),
            Place = _line.ToEarth(_place.East, _place.North),
            CourseDegrees = _place.LineEast != 0 || _place.LineNorth != 0
                ? (Math.Atan2(_place.LineEast, _place.LineNorth) * (180 / Math.PI) + 360) % 360
                : double.NaN,
            DistanceToRouteMeters = _distanceToRoute,
            IsOffRoute = _isOffRoute,
        };
    }

    /// <summary>A fix and how it follows from the one before; east, north and distances in metres on the line's plane.</summary>
    private readonly struct Step
    {
        public required long AtUnixMs { get; init; }
        public required float East { get; init; }
        public required float North { get; init; }
        public required double Seconds { get; init; }
        public required double Moved { get; init; }
        public required double Accuracy { get; init; }

        /// <summary>Of the phone, or by the places of fixes; infinite when nothing is known.</summary>
        public required double Speed { get; init; }

        /// <summary>A unit vector; zero when unknown.</summary>
        public required double CourseEast { get; init; }
        public required double CourseNorth { get; init; }
    }
}
