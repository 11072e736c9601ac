using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// The road network of a region, compact and unchanging; what changes (closures, speeds) is a metric beside it. Thread-safe.
/// <para>
/// Turns are between <em>states</em>. State e, for e below <see cref="EdgeCount"/>, is edge e, entered with nothing to
/// remember. Where a turn restriction goes over several ways there are further states: the same edge again, entered the
/// restricted way, with fewer turns out of it; and of a road for its own traffic only: the same edge, entered from outside,
/// with no turn that leads out again. So a path through states breaks no rule, and any shortest-path algorithm is right on
/// them without knowing of rules. A path starts in an edge's own state, and may end in any of the edge's.
/// </para>
/// </summary>
public sealed class RoadGraph
{
    private readonly RoadSegment[] _segments;
    private readonly int[] _shape; // latitude and longitude of each point in 1e-7 degrees
    private readonly int[] _junctionPoints; // the same of each junction
    private readonly long[] _junctionIds;
    private readonly string[] _names;
    private readonly int[] _extraStateEdges;
    private readonly int[] _firstTurn;
    private readonly int[] _turnTargets;
    private readonly byte[] _turnDelays;
    private readonly int[] _copiedEdges; // the edges of the extra states, sorted
    private readonly int[] _copies; // the extra state of each

    internal RoadGraph(RoadGraphParts parts)
    {
        _segments = parts.Segments;
        _shape = parts.Shape;
        _junctionPoints = parts.JunctionPoints;
        _junctionIds = parts.JunctionIds;
        _names = parts.Names;
        _extraStateEdges = parts.ExtraStateEdges;
        _firstTurn = parts.FirstTurn;
        _turnTargets = parts.TurnTargets;
        _turnDelays = parts.TurnDelays;
        _copiedEdges = [.. parts.ExtraStateEdges];
        _copies = new int[_copiedEdges.Length];
        for (int i = 0; i < _copies.Length; i++)
        {
            _copies[i] = EdgeCount + i;
        }

        Array.Sort(_copiedEdges, _copies);
        TimedEdges = new TimedEdges(parts.TimedEdges, parts.TimedEdgeHours, parts.Hours);
        Parts = parts;
    }

    /// <summary>The arrays it is made of, for writing it down.</summary>
    internal RoadGraphParts Parts { get; }

    /// <summary>The side of the road that one drives on.</summary>
    public bool DrivesOnLeft => Parts.DrivesOnLeft;

    /// <summary>The edges that are closed at some hours. Turns lead there as if they were open: closing them is the metric's.</summary>
    public TimedEdges TimedEdges { get; }

    public int JunctionCount => _junctionIds.Length;

    public int SegmentCount => _segments.Length;

    /// <summary>Twice the segments; some of the edges may not be driven.</summary>
    public int EdgeCount => 2 * _segments.Length;

    /// <summary>The edges and the further states of some of them.</summary>
    public int StateCount => EdgeCount + _extraStateEdges.Length;

    public int TurnCount => _turnTargets.Length;

    public ref readonly RoadSegment Segment(int segment) => ref _segments[segment];

    /// <summary>The street's name in the local language, or its number; empty when it has none.</summary>
    public string NameOf(int segment) => _names[_segments[segment].Name];

    public GeoPoint JunctionAt(int junction) => GeoPoint.FromE7(_junctionPoints[2 * junction], _junctionPoints[2 * junction + 1]);

    /// <summary>OpenStreetMap's id of the node; with <see cref="RoadSegment.WayId"/> it names a segment across imports.</summary>
    public long JunctionId(int junction) => _junctionIds[junction];

    /// <summary>How many points a segment's shape has, both ends included; at least 2.</summary>
    public int PointCount(int segment) =>
        (segment + 1 < _segments.Length ? _segments[segment + 1].FirstPoint : _shape.Length / 2) - _segments[segment].FirstPoint;

    /// <summary>A point of a segment's shape, counted from its first.</summary>
    public GeoPoint PointOf(int segment, int index)
    {
        int point = 2 * (_segments[segment].FirstPoint + index);
        return GeoPoint.FromE7(_shape[point], _shape[point + 1]);
    }

    /// <summary>Free-flow speed in km/h; 0 when nobody may drive there.</summary>
    public int KmhOf(int edge) =>
        (edge & 1) == 0 ? _segments[edge >> 1].ForwardKmh : _segments[edge >> 1].BackwardKmh;

    /// <summary>Where an edge starts, a junction.</summary>
    public int TailOf(int edge) =>
        (edge & 1) == 0 ? _segments[edge >> 1].FromJunction : _segments[edge >> 1].ToJunction;

    /// <summary>Where an edge ends, a junction.</summary>
    public int HeadOf(int edge) => TailOf(edge ^ 1);

    /// <summary>Length of an edge in metres.</summary>
    public double LengthMeters(int edge) => _segments[edge >> 1].LengthCentimeters / 100.0;

    /// <summary>Driving time over the whole edge at free flow, in milliseconds, at least 1; only of edges that may be driven.</summary>
    public int FreeFlowMilliseconds(int edge) =>
        Math.Max(1, (int)(_segments[edge >> 1].LengthCentimeters * 36L / KmhOf(edge)));

    /// <summary>The edge that a state drives.</summary>
    public int EdgeOfState(int state) => state < EdgeCount ? state : _extraStateEdges[state - EdgeCount];

    /// <summary>The further states of an edge, beside the one that has its number; of nearly all edges none.</summary>
    public ReadOnlySpan<int> ExtraStatesOf(int edge)
    {
        int first = Array.BinarySearch(_copiedEdges, edge);
        if (first < 0)
        {
            return [];
        }

        int end = first + 1;
        for (; first > 0 && _copiedEdges[first - 1] == edge; first--)
        {
        }

        for (; end < _copiedEdges.Length && _copiedEdges[end] == edge; end++)
        {
        }

        return _copies.AsSpan(first..end);
    }

    /// <summary>The states that may follow one. A U-turn is among them only where a road ends, or nothing else is of use.</summary>
    public ReadOnlySpan<int> TurnsFrom(int state) =>
        _turnTargets.AsSpan(_firstTurn[state].._firstTurn[state + 1]);

    /// <summary>What each of <see cref="TurnsFrom"/> takes, in tenths of a second.</summary>
    public ReadOnlySpan<byte> TurnDelaysFrom(int state) =>
        _turnDelays.AsSpan(_firstTurn[state].._firstTurn[state + 1]);

    /// <summary>What a turn takes, in tenths of a second; turns are counted as by <see cref="FirstTurn"/>.</summary>
    internal byte TurnDelay(int turn) => _turnDelays[turn];

    /// <summary>Index of the first of a state's turns among all turns; that of <see cref="StateCount"/> is their count.</summary>
    public int FirstTurn(int state) => _firstTurn[state];
}

/// <summary>What a <see cref="RoadGraph"/> is made of.</summary>
internal sealed record RoadGraphParts
{
    public required RoadSegment[] Segments { get; init; }

    /// <summary>Latitude and longitude of each point, in 1e-7 degrees, segment by segment, both ends included.</summary>
    public required int[] Shape { get; init; }

    /// <summary>Latitude and longitude of each junction, in 1e-7 degrees.</summary>
    public required int[] JunctionPoints { get; init; }

    public required long[] JunctionIds { get; init; }

    /// <summary>The first is empty.</summary>
    public required string[] Names { get; init; }

    /// <summary>The edge of each state beyond the edges.</summary>
    public required int[] ExtraStateEdges { get; init; }

    /// <summary>For each state, and one more: the index of its first turn.</summary>
    public required int[] FirstTurn { get; init; }

    public required int[] TurnTargets { get; init; }

    /// <summary>In tenths of a second.</summary>
    public required byte[] TurnDelays { get; init; }

    public bool DrivesOnLeft { get; init; }

    /// <summary>The edges that are closed at some hours; one is there for each of its hours.</summary>
    public int[] TimedEdges { get; init; } = [];

    /// <summary>Of each of them, an index into <see cref="Hours"/>.</summary>
    public int[] TimedEdgeHours { get; init; } = [];

    /// <summary>As <see cref="Roads.Hours.RoadHours"/> has them.</summary>
    public string[] Hours { get; init; } = [];
}
