using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Following;

/// <summary>
/// A route's polyline laid out for following: corners on a plane in metres around its start, each with how far along the
/// route it is. Immutable. On the plane the scale of longitude is that of the middle latitude; over a route of 100 km
/// sideways distances are off by less than a hundredth.
/// </summary>
internal sealed class RouteLine
{
    private readonly RouteCorner[] _corners;
    private readonly double[] _waypointAlong; // of the start, and of the end of each leg
    private readonly int[] _waypointCorners;
    private readonly double[] _secondsFrom; // from each of them to the end of the route
    private readonly double[] _secondsPerMeter; // of each leg
    private readonly GeoPoint _origin;
    private readonly double _metersPerDegreeEast;

    public RouteLine(Route route)
    {
        GeoPoint[] points = EncodedPolyline.Decode(route.EncodedPolyline);
        if (points.Length == 0 || route.Legs.IsDefaultOrEmpty)
        {
            throw new ArgumentException("A route to follow needs a line and a leg.", nameof(route));
        }

        _origin = points[0];
        double middle = (points.Min(point => point.LatitudeDegrees) + points.Max(point => point.LatitudeDegrees)) / 2;
        _metersPerDegreeEast = Earth.MetersPerDegree * Math.Cos(middle * Math.PI / 180);
        _waypointAlong = new double[route.Legs.Length + 1];
        _waypointCorners = new int[route.Legs.Length + 1];
        _secondsFrom = new double[route.Legs.Length + 1];
        for (int leg = 0; leg < route.Legs.Length; leg++)
        {
            _waypointAlong[leg + 1] = _waypointAlong[leg] + route.Legs[leg].DistanceMeters;
        }

        for (int leg = route.Legs.Length - 1; leg >= 0; leg--)
        {
            _secondsFrom[leg] = _secondsFrom[leg + 1] + route.Legs[leg].Duration.TotalSeconds;
        }

        // A leg of no length (the driver stands at its end) passes for one of average speed.
        double average = LengthMeters > 0 ? _secondsFrom[0] / LengthMeters : 0;
        _secondsPerMeter = [.. route.Legs.Select(leg => leg.DistanceMeters > 0 ? leg.Duration.TotalSeconds / leg.DistanceMeters : average)];
        _corners = LayOut(points);
    }

    public int WaypointCount => _secondsPerMeter.Length;

    public double LengthMeters => _waypointAlong[^1];

    /// <summary>At least one.</summary>
    public ReadOnlySpan<RouteCorner> Corners => _corners;

    /// <summary>How far along the route a waypoint is, in metres; that before the first is the start.</summary>
    public double AlongOf(int waypoint) => _waypointAlong[waypoint + 1];

    public RouteCorner CornerOf(int waypoint) => _corners[_waypointCorners[waypoint + 1]];

    /// <summary>Index of the last corner that is not beyond a place along the route.</summary>
    public int CornerBefore(double along)
    {
        int low = 0, high = _corners.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >> 1;
            (low, high) = _corners[middle].Along <= along ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    /// <summary>Seconds from a waypoint to the end of the route.</summary>
    public double SecondsFrom(int waypoint) => _secondsFrom[waypoint + 1];

    /// <summary>Of the leg that ends at a waypoint.</summary>
    public double SecondsPerMeter(int waypoint) => _secondsPerMeter[waypoint];

    public (float East, float North) ToPlane(GeoPoint point) => (
        (float)(Earth.WrapLongitude(point.LongitudeDegrees - _origin.LongitudeDegrees) * _metersPerDegreeEast),
        (float)((point.LatitudeDegrees - _origin.LatitudeDegrees) * Earth.MetersPerDegree));

    public GeoPoint ToEarth(double east, double north) => new(
        _origin.LatitudeDegrees + north / Earth.MetersPerDegree,
        Earth.WrapLongitude(_origin.LongitudeDegrees + east / _metersPerDegreeEast));

    // Distances along the line are made to agree with those of the legs, so that what remains is what the route says:
    // five digits of a degree lengthen a line of short pieces by up to a hundredth.
    private RouteCorner[] LayOut(GeoPoint[] points)
    {
        var drawn = new double[points.Length];
        for (int i = 1; i < points.Length; i++)
        {
            drawn[i] = drawn[i - 1] + Earth.DistanceMeters(points[i - 1], points[i]);
        }

        double scale = LengthMeters > 0 ? drawn[^1] / LengthMeters : 0;
        var corners = new RouteCorner[points.Length];
        (corners[0].East, corners[0].North) = ToPlane(points[0]);
        int start = 0;
        for (int leg = 1; leg < _waypointAlong.Length; leg++)
        {
            int end = leg == _waypointAlong.Length - 1 ? points.Length - 1 : NearestCorner(drawn, start, _waypointAlong[leg] * scale);
            double length = drawn[end] - drawn[start], legMeters = _waypointAlong[leg] - _waypointAlong[leg - 1];
            for (int i = start + 1; i <= end; i++)
            {
                (corners[i].East, corners[i].North) = ToPlane(points[i]);
                double share = length > 0 ? (drawn[i] - drawn[start]) / length : 1;
                corners[i].Along = (float)(_waypointAlong[leg - 1] + share * legMeters);
            }

            _waypointCorners[leg] = start = end;
        }

        return corners;
    }

    // A leg ends at a corner of the line: the one whose distance fits best.
    private static int NearestCorner(double[] drawn, int from, double meters)
    {
        int corner = from;
        while (corner + 1 < drawn.Length && Math.Abs(drawn[corner + 1] - meters) <= Math.Abs(drawn[corner] - meters))
        {
            corner++;
        }

        return corner;
    }
}

/// <summary>A corner of a <see cref="RouteLine"/>: metres east and north of its origin, and along the route.</summary>
internal struct RouteCorner
{
    public float East;
    public float North;
    public float Along;
}
