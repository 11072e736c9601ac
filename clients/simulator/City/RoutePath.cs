using RideTracking.V1;

namespace RideTracking.Simulator.City;

/// <summary>A way to drive: its line, how fast each part of it goes, and where on it the waypoints are. Immutable.</summary>
internal sealed class RoutePath
{
    private const double SlowestMetersPerSecond = 2;
    private const double FastestMetersPerSecond = 36;
    private const double StraightMetersPerSecond = 9;
    // A place farther along the way must be nearer by a fiftieth of that to be the place where a car joins it.
    private const double LaterIsFarther = 0.02;

    private readonly Place[] _points;
    private readonly double[] _meters;
    private readonly double[] _speeds;
    private readonly double[] _cornerSpeeds;
    private readonly Dictionary<string, double> _stops;

    private RoutePath(List<Place> points, List<double> speeds, Dictionary<string, double> stops)
    {
        (_points, _speeds, _stops) = ([.. points], [.. speeds], stops);
        _meters = new double[_points.Length];
        for (var i = 1; i < _points.Length; i++)
            _meters[i] = _meters[i - 1] + _points[i - 1].MetersTo(_points[i]);
        // From the end back, so that there is always room to brake for what comes.
        _cornerSpeeds = new double[_points.Length];
        for (var i = _points.Length - 2; i >= 0; i--)
        {
            var corner = i == 0 ? double.MaxValue : CornerSpeed(_points[i - 1].CourseTo(_points[i]), _points[i].CourseTo(_points[i + 1]));
            var braking = Math.Sqrt(_cornerSpeeds[i + 1] * _cornerSpeeds[i + 1] + 2 * Car.Braking * (_meters[i + 1] - _meters[i]));
            _cornerSpeeds[i] = Math.Min(corner, braking);
        }
    }

    public double LengthMeters => _meters[^1];

    public Place Start => _points[0];

    public Place End => _points[^1];

    /// <summary>The server's route; null when it has no line.</summary>
    public static RoutePath? Of(Route? route)
    {
        if (route is null || RoutePolyline.Decode(route.EncodedPolyline) is not { Count: > 0 } points)
            return null;
        for (var i = points.Count - 1; i > 0; i--)
        {
            if (points[i] == points[i - 1])
                points.RemoveAt(i);
        }
        var length = 0.0;
        for (var i = 1; i < points.Count; i++)
            length += points[i - 1].MetersTo(points[i]);
        // The line is rounded to a metre or so and the legs are not: what they say is brought to its length.
        var told = route.Legs.Sum(leg => leg.DistanceMeters);
        var scale = told > 0 ? length / told : 0;
        var stops = new Dictionary<string, double>();
        var stretches = new List<(double UntilMeters, double Speed)>();
        var (legEnd, stepEnd) = (0.0, 0.0);
        foreach (var leg in route.Legs)
        {
            stepEnd = legEnd;
            foreach (var step in leg.Steps)
                stretches.Add((stepEnd += step.DistanceMeters * scale, SpeedOf(step.DistanceMeters, step.Duration)));
            stops[leg.WaypointId] = legEnd += leg.DistanceMeters * scale;
            stretches.Add((legEnd, SpeedOf(leg.DistanceMeters, leg.Duration)));
        }
        return new RoutePath(points, SpeedsOf(points, stretches), stops);
    }

    /// <summary>As the crow flies.</summary>
    public static RoutePath Straight(Place from, Place to) => new(from == to ? [from] : [from, to], from == to ? [] : [StraightMetersPerSecond], []);

    /// <summary>The same way for who is elsewhere: straight to its nearest point, and on from there.</summary>
    public RoutePath From(Place place)
    {
        var (segment, at) = Nearest(place);
        var joins = At(at);
        var (points, speeds) = (new List<Place> { place }, new List<double>());
        Add(joins, segment < _speeds.Length ? _speeds[segment] : StraightMetersPerSecond);
        for (var i = segment + 1; i < _points.Length; i++)
            Add(_points[i], _speeds[i - 1]);
        var shift = place.MetersTo(joins) - at;
        return new RoutePath(points, speeds, _stops.ToDictionary(stop => stop.Key, stop => Math.Max(0, stop.Value + shift)));

        void Add(Place next, double speed)
        {
            if (points[^1].MetersTo(next) < 0.01)
                return;
            points.Add(next);
            speeds.Add(speed);
        }
    }

    /// <summary>How far along a waypoint is; null when the way does not lead there.</summary>
    public double? StopOf(string waypointId) => _stops.TryGetValue(waypointId, out var meters) ? Math.Min(meters, LengthMeters) : null;

    public Place At(double meters)
    {
        var segment = SegmentAt(meters);
        return segment >= _speeds.Length
            ? End
            : _points[segment].Towards(_points[segment + 1], (meters - _meters[segment]) / (_meters[segment + 1] - _meters[segment]));
    }

    /// <summary>Degrees clockwise from true north; null on a way without length.</summary>
    public double? CourseAt(double meters)
    {
        var segment = Math.Min(SegmentAt(meters), _speeds.Length - 1);
        return segment < 0 ? null : _points[segment].CourseTo(_points[segment + 1]);
    }

    /// <summary>
    /// The speed to drive there, in m/s: the way's own times <paramref name="temper"/>, and such that the car can still
    /// brake for the corners ahead.
    /// </summary>
    public double SpeedAt(double meters, double temper)
    {
        var segment = SegmentAt(meters);
        if (segment >= _speeds.Length)
            return 0;
        var corner = _cornerSpeeds[segment + 1];
        return Math.Min(_speeds[segment] * temper, Math.Sqrt(corner * corner + 2 * Car.Braking * (_meters[segment + 1] - meters)));
    }

    /// <summary>What a car may take a corner at, in m/s: 5 at a right angle, hardly anything when it turns round.</summary>
    private static double CornerSpeed(double from, double to)
    {
        var turn = Math.Abs((to - from + 540) % 360 - 180);
        return turn < 15 ? double.MaxValue : 5 * Math.Pow(90 / turn, 1.2);
    }

    private static double SpeedOf(double meters, Google.Protobuf.WellKnownTypes.Duration? duration) =>
        duration?.ToTimeSpan() is { TotalSeconds: > 0 } time
            ? Math.Clamp(meters / time.TotalSeconds, SlowestMetersPerSecond, FastestMetersPerSecond)
            : StraightMetersPerSecond;

    private static List<double> SpeedsOf(List<Place> points, List<(double UntilMeters, double Speed)> stretches)
    {
        var speeds = new List<double>(points.Count);
        var (meters, stretch) = (0.0, 0);
        for (var i = 1; i < points.Count; i++)
        {
            var length = points[i - 1].MetersTo(points[i]);
            while (stretch < stretches.Count - 1 && stretches[stretch].UntilMeters < meters + length / 2)
                stretch++;
            speeds.Add(stretches.Count == 0 ? StraightMetersPerSecond : stretches[stretch].Speed);
            meters += length;
        }
        return speeds;
    }

    private int SegmentAt(double meters)
    {
        var found = Array.BinarySearch(_meters, meters);
        return found >= 0 ? found : ~found - 1;
    }

    private (int Segment, double Meters) Nearest(Place place)
    {
        var (best, segment, meters) = (double.MaxValue, 0, 0.0);
        for (var i = 0; i < _speeds.Length; i++)
        {
            var share = place.ShareOfWay(_points[i], _points[i + 1]);
            var along = _meters[i] + share * (_meters[i + 1] - _meters[i]);
            var distance = place.MetersTo(_points[i].Towards(_points[i + 1], share)) + along * LaterIsFarther;
            if (distance < best)
                (best, segment, meters) = (distance, i, along);
        }
        return (segment, meters);
    }
}
