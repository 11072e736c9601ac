using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Benchmarks.Roads;

/// <summary>The straight pieces between the points of all roads, by their ends: whether a foreign route drives where this graph allows it.</summary>
internal sealed class Stretches
{
    private const int Tolerance = 30; // in 1e-7 degrees: Routino keeps places less exactly

    private readonly RoadGraph _graph;
    private readonly Dictionary<(int, int), int> _edges = []; // by the numbers of both ends
    private readonly Dictionary<(int, int), List<(GeoPoint Point, int Number)>> _points = []; // by cells of the tolerance
    private int _pointCount;

    public Stretches(RoadGraph graph)
    {
        _graph = graph;
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            for (int i = 1; i < graph.PointCount(edge >> 1); i++)
            {
                _edges.TryAdd((NumberOf(Point(edge, i - 1), add: true), NumberOf(Point(edge, i), add: true)), edge);
            }
        }
    }

    /// <summary>Length of a path's whole edges along their shapes, in metres, from its start to its end.</summary>
    public double LengthOf(RoadPath path)
    {
        double meters = 0;
        for (int i = 0; i < path.Edges.Length; i++)
        {
            double from = i == 0 ? path.Start.Fraction : 0, to = i == path.Edges.Length - 1 ? path.End.Fraction : 1;
            meters += (to - from) * _graph.LengthMeters(path.Edges[i]);
        }

        return meters;
    }

    /// <summary>Prints what a foreign route drives that may not be driven here, and what roads each of the two has for itself.</summary>
    public void Explain(RoadPath ours, GeoPoint[] theirs)
    {
        var unknown = new Dictionary<string, double>();
        var driven = new List<int>();
        HashSet<int> states = []; // in which who drove so may be
        string? first = null;
        for (int i = 1; i < theirs.Length; i++)
        {
            double meters = Earth.DistanceMeters(theirs[i - 1], theirs[i]);
            if (!_edges.TryGetValue((NumberOf(theirs[i - 1], add: false), NumberOf(theirs[i], add: false)), out int edge))
            {
                first ??= $"not in the graph, the first at {theirs[i - 1].LatitudeDegrees:F5},{theirs[i - 1].LongitudeDegrees:F5}";
                Count(unknown, first, meters);
            }
            else if (_graph.KmhOf(edge) == 0)
            {
                Count(unknown, $"closed this way: way {_graph.Segment(edge >> 1).WayId} {_graph.NameOf(edge >> 1)}", meters);
            }
            else if (driven.Count == 0 || driven[^1] != edge)
            {
                HashSet<int> next = [.. states.SelectMany(state => _graph.TurnsFrom(state).ToArray()).Where(state => _graph.EdgeOfState(state) == edge)];
                if (driven.Count > 0 && next.Count == 0)
                {
                    Count(unknown, $"by a turn from way {_graph.Segment(driven[^1] >> 1).WayId} to {_graph.Segment(edge >> 1).WayId} (node {_graph.JunctionId(_graph.TailOf(edge))})", 0);
                }

                states = next.Count == 0 ? [edge] : next;
                driven.Add(edge);
            }
        }

        foreach ((string what, double meters) in unknown)
        {
            Console.WriteLine($"      Routino alone: {meters:N0} m {what}");
        }

        Print("only here    ", ours.Edges.Except(driven));
        Print("only Routino ", driven.Except(ours.Edges));
    }

    private void Print(string whose, IEnumerable<int> edges)
    {
        IEnumerable<string> ways = edges
            .GroupBy(edge => _graph.Segment(edge >> 1).WayId)
            .OrderByDescending(way => way.Sum(_graph.LengthMeters))
            .Take(4)
            .Select(way => $"way {way.Key} {_graph.Segment(way.First() >> 1).Class} [{_graph.Segment(way.First() >> 1).Flags}] {way.Sum(_graph.LengthMeters):N0} m");
        Console.WriteLine($"      {whose} {string.Join("; ", ways)}");
    }

    private static void Count(Dictionary<string, double> sums, string what, double meters) =>
        sums[what] = sums.GetValueOrDefault(what) + meters;

    private GeoPoint Point(int edge, int index) =>
        _graph.PointOf(edge >> 1, (edge & 1) == 0 ? index : _graph.PointCount(edge >> 1) - 1 - index);

    /// <summary>The number of a place, -1 of one that is not on any road.</summary>
    private int NumberOf(GeoPoint point, bool add)
    {
        (int row, int column) = ((int)(point.LatitudeDegrees * 1e7 / Tolerance), (int)(point.LongitudeDegrees * 1e7 / Tolerance));
        for (int cell = 0; cell < 9; cell++)
        {
            foreach ((GeoPoint other, int number) in _points.GetValueOrDefault((row - 1 + cell / 3, column - 1 + cell % 3)) ?? [])
            {
                if (Math.Abs(other.LatitudeDegrees - point.LatitudeDegrees) < Tolerance / 1e7
                    && Math.Abs(other.LongitudeDegrees - point.LongitudeDegrees) < Tolerance / 1e7)
                {
                    return number;
                }
            }
        }

        if (!add)
        {
            return -1;
        }

        if (!_points.TryGetValue((row, column), out List<(GeoPoint Point, int Number)>? here))
        {
            _points.Add((row, column), here = []);
        }

        here.Add((point, _pointCount));
        return _pointCount++;
    }
}
