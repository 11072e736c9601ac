using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// Which roads are near a point. Only roads that are <see cref="RoadFlags.Connected"/> take part, and no ferries. Thread-safe;
/// searches for up to 64 places allocate nothing. Distances are those of a plane with the scale of the point asked for: up to 10 km away they are
/// right within 0.2 %.
/// </summary>
public sealed class RoadIndex
{
    // A road driven against its course counts as this much farther away, one that crosses the course as half as much: more
    // than fixes in a street scatter (the median is 3 m in Porto), less than the next parallel street is away.
    private const double AgainstCourseMeters = 40;

    private const int BufferedHits = 64;

    private readonly RoadGraph _graph;
    private readonly int[] _shape;
    private readonly PieceGrid _grid;
    private readonly float[] _metersBefore; // of each shape point, from its segment's first

    public RoadIndex(RoadGraph graph)
    {
        _graph = graph;
        _shape = graph.Parts.Shape;
        _grid = new PieceGrid(graph, TakesPart);
        _metersBefore = new float[_shape.Length / 2];
        for (int segment = 0; segment < graph.SegmentCount; segment++)
        {
            double meters = 0;
            int first = graph.Segment(segment).FirstPoint;
            for (int point = 1; point < graph.PointCount(segment); point++)
            {
                meters += Earth.DistanceMeters(graph.PointOf(segment, point - 1), graph.PointOf(segment, point));
                _metersBefore[first + point] = (float)meters;
            }
        }
    }

    /// <summary>The graph it is of.</summary>
    public RoadGraph Graph => _graph;

    /// <summary>Memory it takes beside the graph.</summary>
    public long Bytes => _grid.Bytes + 4L * _metersBefore.Length;

    /// <summary>
    /// The roads around a point, by distance: one place, the nearest, on each segment, once for each direction that may be
    /// driven; first the direction on whose near side of the road the point lies.
    /// </summary>
    /// <param name="point">Anywhere.</param>
    /// <param name="radiusMeters">How far away, 0 to 100,000.</param>
    /// <param name="found">Filled from its start; when it is too short, the farthest are left out.</param>
    /// <returns>How many were found.</returns>
    public int Nearest(GeoPoint point, double radiusMeters, Span<RoadCandidate> found)
    {
        RequireRadius(radiusMeters);
        if (!point.IsValid || found.IsEmpty)
        {
            return 0;
        }

        var nearest = new NearestSegments(found.Length <= BufferedHits ? stackalloc Hit[found.Length] : new Hit[found.Length], radiusMeters);
        Search(point, ref nearest);
        int count = 0;
        foreach (ref readonly Hit hit in nearest.Hits)
        {
            int first = IsOnNearSide(hit, 2 * hit.Segment) ? 2 * hit.Segment : 2 * hit.Segment + 1;
            for (int edge = first, direction = 0; direction < 2 && count < found.Length; edge ^= 1, direction++)
            {
                if (_graph.KmhOf(edge) > 0)
                {
                    found[count++] = Candidate(hit, edge);
                }
            }
        }

        return count;
    }

    /// <summary>
    /// The road that a point most likely stands for. With a course the direction that agrees is taken, and a road that
    /// does not is as if it were up to 40 m farther away; without one, the direction on whose near side the point lies.
    /// </summary>
    /// <param name="point">Anywhere.</param>
    /// <param name="courseDegrees">Course over ground, degrees clockwise from north, when known.</param>
    /// <param name="maxDistanceMeters">How far away the road may be, 0 to 100,000.</param>
    /// <param name="nearest">The place.</param>
    /// <param name="mayStop">
    /// Leaves out roads where nobody gets in or out: motorways and the like, their ramps, those of trunk roads, and tunnels. A trunk road is as if it were
    /// 40 m farther away, since what is beside it is mostly reached by another street, and a one-way 5 m.
    /// </param>
    public bool TryNearest(
        GeoPoint point, double? courseDegrees, double maxDistanceMeters, out RoadCandidate nearest, bool mayStop = false)
    {
        RequireRadius(maxDistanceMeters);
        nearest = default;
        if (!point.IsValid)
        {
            return false;
        }

        var best = new MostLikely(this, courseDegrees, maxDistanceMeters, mayStop);
        Search(point, ref best);
        if (best.Edge >= 0)
        {
            nearest = Candidate(best.Hit, best.Edge);
        }

        return best.Edge >= 0;
    }

    private static bool TakesPart(RoadSegment segment) =>
        (segment.Flags & RoadFlags.Connected) != 0 && segment.Class != RoadClass.Ferry;

    private static void RequireRadius(double meters)
    {
        if (!(meters is >= 0 and <= 100_000))
        {
            throw new ArgumentOutOfRangeException(nameof(meters), meters, "From 0 to 100,000 m.");
        }
    }

    /// <summary>The place on a piece of road nearest to the point asked for; east and north in metres from that point.</summary>
    private readonly record struct Hit(int Segment, int Point, double Share, double Meters, double PieceEast, double PieceNorth, double Right);

    private interface ICollector
    {
        /// <summary>Nothing farther away is wanted.</summary>
        double LimitMeters { get; }

        void Add(in Hit hit);
    }

    // Ring by ring of cells around the point, until no cell left can hold anything near enough.
    private void Search<TCollector>(GeoPoint point, ref TCollector collector)
        where TCollector : ICollector, allows ref struct
    {
        (int latitude, int longitude) = point.ToE7();
        long x = _grid.XOf(longitude), y = _grid.YOf(latitude);
        double metersNorth = Earth.MetersPerDegree / 1e7, metersEast = metersNorth * Math.Cos(point.LatitudeDegrees * Math.PI / 180);
        long column = Math.DivRem(x, _grid.CellWidth, out long restX), row = Math.DivRem(y, _grid.CellHeight, out long restY);
        (column, restX) = restX < 0 ? (column - 1, restX + _grid.CellWidth) : (column, restX);
        (row, restY) = restY < 0 ? (row - 1, restY + _grid.CellHeight) : (row, restY);
        double edgeEast = Math.Min(restX, _grid.CellWidth - restX) * metersEast, edgeNorth = Math.Min(restY, _grid.CellHeight - restY) * metersNorth;
        var from = new Plane(x, y, metersEast, metersNorth);
        // Outside the region there is nothing in the first rings, beyond its far side in the last.
        long start = Math.Max(0, Math.Max(Math.Max(-column, column - _grid.Columns + 1), Math.Max(-row, row - _grid.Rows + 1)));
        long end = Math.Max(Math.Max(column, _grid.Columns - 1 - column), Math.Max(row, _grid.Rows - 1 - row));
        for (long ring = start; ring <= end; ring++)
        {
            double inner = ring == 0
                ? 0
                : Math.Min(edgeEast + (ring - 1) * _grid.CellWidth * metersEast, edgeNorth + (ring - 1) * _grid.CellHeight * metersNorth);
            if (inner > collector.LimitMeters)
            {
                break;
            }

            for (long at = Math.Max(0, row - ring); at <= Math.Min(_grid.Rows - 1, row + ring); at++)
            {
                bool isWhole = at == row - ring || at == row + ring;
                long step = isWhole || ring == 0 ? 1 : 2 * ring;
                for (long side = column - ring; side <= column + ring; side += step)
                {
                    if (side < 0 && step == 1)
                    {
                        side = 0;
                    }

                    if (side >= 0 && side < _grid.Columns)
                    {
                        SearchCell((int)side, (int)at, from, ref collector);
                    }
                    else if (side >= _grid.Columns)
                    {
                        break;
                    }
                }
            }
        }
    }

    private readonly record struct Plane(long X, long Y, double MetersEast, double MetersNorth);

    private void SearchCell<TCollector>(int column, int row, in Plane from, ref TCollector collector)
        where TCollector : ICollector, allows ref struct
    {
        foreach (PieceGrid.Piece piece in _grid.In(column, row))
        {
            int at = 2 * piece.Point;
            double north = (_grid.YOf(_shape[at]) - from.Y) * from.MetersNorth, east = (_grid.XOf(_shape[at + 1]) - from.X) * from.MetersEast;
            double alongNorth = (_shape[at + 2] - _shape[at]) * from.MetersNorth;
            double alongEast = (_grid.XOf(_shape[at + 3]) - _grid.XOf(_shape[at + 1])) * from.MetersEast;
            double length2 = alongNorth * alongNorth + alongEast * alongEast;
            double share = length2 > 0 ? Math.Clamp(-(east * alongEast + north * alongNorth) / length2, 0, 1) : 0;
            double nearEast = east + share * alongEast, nearNorth = north + share * alongNorth;
            double meters2 = nearEast * nearEast + nearNorth * nearNorth;
            double limit = collector.LimitMeters;
            if (meters2 <= limit * limit)
            {
                // The point is at the origin: its distance from the line, positive to the right of who drives along.
                double right = length2 > 0 ? (north * alongEast - east * alongNorth) / Math.Sqrt(length2) : 0;
                collector.Add(new Hit(piece.Segment, piece.Point, share, Math.Sqrt(meters2), alongEast, alongNorth, right));
            }
        }
    }

    private bool IsOnNearSide(in Hit hit, int edge) => (hit.Right >= 0) == ((edge & 1) == 0) != _graph.DrivesOnLeft;

    private RoadCandidate Candidate(in Hit hit, int edge)
    {
        int at = 2 * hit.Point;
        double total = _metersBefore[_graph.Segment(hit.Segment).FirstPoint + _graph.PointCount(hit.Segment) - 1];
        double along = _metersBefore[hit.Point] + hit.Share * (_metersBefore[hit.Point + 1] - _metersBefore[hit.Point]);
        double fraction = total > 0 ? Math.Clamp(along / total, 0, 1) : 0;
        double turn = _grid.XOf(_shape[at + 3]) - _grid.XOf(_shape[at + 1]);
        var place = new GeoPoint(
            (_shape[at] + hit.Share * (_shape[at + 2] - _shape[at])) / 1e7, Earth.WrapLongitude((_shape[at + 1] + hit.Share * turn) / 1e7));
        bool isForward = (edge & 1) == 0;
        return new RoadCandidate(new RoadPosition(edge, isForward ? fraction : 1 - fraction), place, hit.Meters)
        {
            RightMeters = isForward ? hit.Right : -hit.Right,
        };
    }

    /// <summary>The nearest segments so far, by distance, each with its nearest place.</summary>
    private ref struct NearestSegments(Span<Hit> hits, double radiusMeters) : ICollector
    {
        private readonly Span<Hit> _hits = hits;
        private int _count;

        public double LimitMeters { get; private set; } = radiusMeters;

        public readonly ReadOnlySpan<Hit> Hits => _hits[.._count];

        public void Add(in Hit hit)
        {
            int place = _count;
            for (int i = 0; i < _count; i++)
            {
                if (_hits[i].Segment == hit.Segment)
                {
                    if (_hits[i].Meters <= hit.Meters)
                    {
                        return;
                    }

                    place = i;
                    break;
                }
            }

            if (place == _count)
            {
                if (_count < _hits.Length)
                {
                    _count++;
                }
                else if (_hits[--place].Meters <= hit.Meters)
                {
                    return;
                }
            }

            for (; place > 0 && _hits[place - 1].Meters > hit.Meters; place--)
            {
                _hits[place] = _hits[place - 1];
            }

            _hits[place] = hit;
            if (_count == _hits.Length)
            {
                LimitMeters = Math.Min(LimitMeters, _hits[^1].Meters);
            }
        }
    }

    /// <summary>The likeliest edge so far.</summary>
    private ref struct MostLikely(RoadIndex index, double? courseDegrees, double maxDistanceMeters, bool mayStop) : ICollector
    {
        private double _badness = double.PositiveInfinity;

        public double LimitMeters { get; private set; } = maxDistanceMeters;

        public int Edge { get; private set; } = -1;

        public Hit Hit { get; private set; }

        public void Add(in Hit hit)
        {
            ref readonly RoadSegment segment = ref index._graph.Segment(hit.Segment);
            if (mayStop && !StopRoads.MayStopOn(segment))
            {
                return;
            }

            double reluctance = mayStop ? StopRoads.ReluctanceMeters(segment) : 0;
            double agreement = 0;
            if (courseDegrees is { } degrees)
            {
                (double sin, double cos) = Math.SinCos(degrees * Math.PI / 180);
                double length = Math.Sqrt(hit.PieceEast * hit.PieceEast + hit.PieceNorth * hit.PieceNorth);
                agreement = length > 0 ? (sin * hit.PieceEast + cos * hit.PieceNorth) / length : 0;
            }

            int likelier = (agreement != 0 ? agreement > 0 : index.IsOnNearSide(hit, 2 * hit.Segment)) ? 2 * hit.Segment : 2 * hit.Segment + 1;
            Consider(hit, likelier, Math.Abs(agreement), reluctance);
            Consider(hit, likelier ^ 1, -Math.Abs(agreement), reluctance);
        }

        private void Consider(in Hit hit, int edge, double agreement, double reluctanceMeters)
        {
            double badness = hit.Meters + reluctanceMeters + (courseDegrees is null ? 0 : AgainstCourseMeters * (1 - agreement) / 2);
            if (badness < _badness && index._graph.KmhOf(edge) > 0)
            {
                (_badness, Edge, Hit) = (badness, edge, hit);
                LimitMeters = Math.Min(LimitMeters, badness);
            }
        }
    }
}
