using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// The straight pieces of road shapes by cells of a grid over the region. Coordinates are 1e-7 degrees from the region's
/// south-west corner, so that a region across the antimeridian is no exception. Immutable.
/// </summary>
internal sealed class PieceGrid
{
    private const double CellMeters = 100;
    private const int FullTurnE7 = 1_800_000_000; // half of it: what an int holds

    private readonly int _referenceLongitude;
    private readonly long _west, _south;
    private readonly int[] _first;
    private readonly Piece[] _pieces;

    /// <summary>The line from a shape point to the next.</summary>
    internal readonly record struct Piece(int Point, int Segment);

    /// <param name="graph">Its segments.</param>
    /// <param name="has">Which of them.</param>
    public PieceGrid(RoadGraph graph, Func<RoadSegment, bool> has)
    {
        ReadOnlySpan<int> shape = graph.Parts.Shape;
        _referenceLongitude = shape.Length == 0 ? 0 : shape[1];
        long east = long.MinValue, north = long.MinValue;
        _west = _south = long.MaxValue;
        int points = 0;
        for (int segment = 0; segment < graph.SegmentCount; segment++)
        {
            for (int point = 0; has(graph.Segment(segment)) && point < graph.PointCount(segment); point++, points++)
            {
                int at = 2 * (graph.Segment(segment).FirstPoint + point);
                long x = Turned(shape[at + 1]);
                (_west, east) = (Math.Min(_west, x), Math.Max(east, x));
                (_south, north) = (Math.Min(_south, shape[at]), Math.Max(north, shape[at]));
            }
        }

        if (points == 0)
        {
            (_west, _south, east, north) = (0, 0, 0, 0);
        }

        double scale = Math.Cos((_south + north) / 2e7 * Math.PI / 180) * Earth.MetersPerDegree / 1e7;
        double width = (east - _west) * scale, height = (north - _south) * Earth.MetersPerDegree / 1e7;
        // No more cells than a few for each point, however few roads a large region has.
        double cell = Math.Max(CellMeters, Math.Sqrt(width * height / (4.0 * points + 1)));
        CellWidth = Math.Max(1, (long)(cell / scale));
        CellHeight = Math.Max(1, (long)(cell / Earth.MetersPerDegree * 1e7));
        Columns = (int)((east - _west) / CellWidth) + 1;
        Rows = (int)((north - _south) / CellHeight) + 1;
        _first = new int[Columns * Rows + 1];
        Fill(graph, has, cell => _first[cell + 1]++);
        for (int i = 0; i < Columns * Rows; i++)
        {
            _first[i + 1] += _first[i];
        }

        int[] next = _first[..^1];
        _pieces = new Piece[_first[^1]];
        Piece current = default;
        Fill(graph, has, cell => _pieces[next[cell]++] = current, piece => current = piece);
    }

    public long CellWidth { get; }

    public long CellHeight { get; }

    public int Columns { get; }

    public int Rows { get; }

    public long Bytes => 4L * _first.Length + 8L * _pieces.Length;

    /// <summary>Of a longitude in 1e-7 degrees, from the region's western edge; negative to the west of it.</summary>
    public long XOf(int longitudeE7) => Turned(longitudeE7) - _west;

    public long YOf(int latitudeE7) => latitudeE7 - _south;

    public ReadOnlySpan<Piece> In(int column, int row)
    {
        int cell = row * Columns + column;
        return _pieces.AsSpan(_first[cell].._first[cell + 1]);
    }

    private long Turned(int longitudeE7)
    {
        long turned = (long)longitudeE7 - _referenceLongitude;
        return turned >= FullTurnE7 ? turned - 2L * FullTurnE7 : turned < -FullTurnE7 ? turned + 2L * FullTurnE7 : turned;
    }

    private void Fill(RoadGraph graph, Func<RoadSegment, bool> has, Action<int> touch, Action<Piece>? begin = null)
    {
        ReadOnlySpan<int> shape = graph.Parts.Shape;
        for (int segment = 0; segment < graph.SegmentCount; segment++)
        {
            RoadSegment each = graph.Segment(segment);
            if (!has(each))
            {
                continue;
            }

            for (int point = each.FirstPoint; point < each.FirstPoint + graph.PointCount(segment) - 1; point++)
            {
                begin?.Invoke(new Piece(point, segment));
                Touch(XOf(shape[2 * point + 1]), YOf(shape[2 * point]), XOf(shape[2 * point + 3]), YOf(shape[2 * point + 2]), touch);
            }
        }
    }

    // All cells that the line goes through, row by row.
    private void Touch(long x1, long y1, long x2, long y2, Action<int> touch)
    {
        if (y1 > y2)
        {
            (x1, y1, x2, y2) = (x2, y2, x1, y1);
        }

        int lastRow = (int)(y2 / CellHeight);
        for (int row = (int)(y1 / CellHeight); row <= lastRow; row++)
        {
            (double from, double to) = y1 == y2
                ? (x1, x2)
                : (XAt(Math.Max(y1, row * CellHeight)), XAt(Math.Min(y2, (row + 1) * CellHeight)));
            // Where rounding could put the line into either of two cells, it is in both.
            int first = (int)Math.Max(0, (long)(Math.Min(from, to) - 1) / CellWidth);
            int last = (int)Math.Min(Columns - 1, (long)(Math.Max(from, to) + 1) / CellWidth);
            for (int column = first; column <= last; column++)
            {
                touch(row * Columns + column);
            }
        }

        double XAt(long y) => x1 + (x2 - x1) * ((y - y1) / (double)(y2 - y1));
    }
}
