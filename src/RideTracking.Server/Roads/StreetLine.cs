using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Server.Roads;

/// <summary>Segments as one line, each of which goes on where the one before ends; as it happens, which way round.</summary>
internal sealed class StreetLine
{
    private readonly double _shiftDegrees;
    private int _first, _last;

    public StreetLine(RoadGraph graph, StreetInTile street)
    {
        ref readonly var traits = ref graph.Segment(street.Segment);
        (_first, _last, _shiftDegrees) = (traits.FromJunction, traits.ToJunction, street.ShiftDegrees);
        Points.AddRange(PointsOf(graph, street));
    }

    /// <summary>Longitudes go on beyond 180 instead of jumping.</summary>
    public List<Coordinate> Points { get; } = [];

    public bool TryContinue(RoadGraph graph, StreetInTile street)
    {
        if (street.ShiftDegrees != _shiftDegrees)
        {
            return false;
        }

        ref readonly var traits = ref graph.Segment(street.Segment);
        if (_last == traits.FromJunction || _last == traits.ToJunction)
        {
            var isForward = _last == traits.FromJunction;
            var points = PointsOf(graph, street);
            var along = isForward ? points : points.AsEnumerable().Reverse();
            if (!MeetsAt(Points[^1], along.First()))
            {
                return false;
            }

            Points.AddRange(along.Skip(1));
            _last = isForward ? traits.ToJunction : traits.FromJunction;
            return true;
        }

        if (_first == traits.ToJunction || _first == traits.FromJunction)
        {
            var isForward = _first == traits.ToJunction;
            var points = PointsOf(graph, street);
            var along = isForward ? points : points.AsEnumerable().Reverse();
            if (!MeetsAt(Points[0], along.Last()))
            {
                return false;
            }

            Points.InsertRange(0, along.SkipLast(1));
            _first = isForward ? traits.FromJunction : traits.ToJunction;
            return true;
        }

        return false;
    }

    // A junction on the antimeridian may be told as 180 in one segment and -180 in the next.
    private static bool MeetsAt(Coordinate a, Coordinate b) => Math.Abs(a.X - b.X) < 1;

    private static Coordinate[] PointsOf(RoadGraph graph, StreetInTile street)
    {
        var points = new Coordinate[graph.PointCount(street.Segment)];
        for (var i = 0; i < points.Length; i++)
        {
            var point = graph.PointOf(street.Segment, i);
            var longitude = i == 0
                ? point.LongitudeDegrees + street.ShiftDegrees
                : points[i - 1].X + Earth.TurnDegrees(graph.PointOf(street.Segment, i - 1).LongitudeDegrees, point.LongitudeDegrees);
            points[i] = new Coordinate(longitude, point.LatitudeDegrees);
        }

        return points;
    }
}
