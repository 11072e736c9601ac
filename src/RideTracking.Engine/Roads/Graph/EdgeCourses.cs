using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>Which way edges lead where they start and end. A few metres are looked at: shapes are drawn roughly at junctions.</summary>
internal readonly ref struct EdgeCourses(ReadOnlySpan<RoadSegment> segments, ReadOnlySpan<int> shape)
{
    private const double Meters = 12;

    private readonly ReadOnlySpan<RoadSegment> _segments = segments;
    private readonly ReadOnlySpan<int> _shape = shape;

    /// <summary>Degrees clockwise from north, of who sets out on the edge.</summary>
    public double AtTail(int edge)
    {
        int segment = edge >> 1;
        int first = _segments[segment].FirstPoint;
        int last = (segment + 1 < _segments.Length ? _segments[segment + 1].FirstPoint : _shape.Length / 2) - 1;
        (int at, int end, int step) = (edge & 1) == 0 ? (first, last, 1) : (last, first, -1);
        GeoPoint start = PointAt(at);
        do
        {
            at += step;
        }
        while (at != end && Earth.DistanceMeters(start, PointAt(at)) < Meters);

        return Earth.BearingDegrees(start, PointAt(at));
    }

    /// <summary>Degrees clockwise from north, of who comes to the edge's end.</summary>
    public double AtHead(int edge) => AtTail(edge ^ 1) + 180;

    private GeoPoint PointAt(int point) => GeoPoint.FromE7(_shape[2 * point], _shape[2 * point + 1]);
}
