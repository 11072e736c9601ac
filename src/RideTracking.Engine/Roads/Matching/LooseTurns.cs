using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>
/// What may follow an edge when it has been driven, which is more than what is allowed: every edge that leads on may be,
/// turning round too, and a one-way street against it; what the rules forbid is told apart. Immutable, one for a graph.
/// </summary>
internal sealed class LooseTurns
{
    private readonly RoadGraph _graph;
    private readonly int[] _first;
    private readonly int[] _turns;

    public LooseTurns(RoadGraph graph)
    {
        _graph = graph;
        int[] firstOut = new int[graph.JunctionCount + 1];
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            firstOut[graph.TailOf(edge) + 1] += IsDriven(edge) ? 1 : 0;
        }

        for (int junction = 0; junction < graph.JunctionCount; junction++)
        {
            firstOut[junction + 1] += firstOut[junction];
        }

        int[] outEdges = new int[firstOut[^1]], next = [.. firstOut];
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            if (IsDriven(edge))
            {
                outEdges[next[graph.TailOf(edge)]++] = edge;
            }
        }

        _first = new int[graph.EdgeCount + 1];
        var turns = new List<int>(graph.TurnCount);
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            int head = graph.HeadOf(edge);
            foreach (int target in IsDriven(edge) ? outEdges.AsSpan(firstOut[head]..firstOut[head + 1]) : [])
            {
                bool isForbidden = target != (edge ^ 1) && !IsWrongWay(edge) && !IsWrongWay(target) && !IsAllowed(graph, edge, target);
                turns.Add(target << 2 | (!IsWrongWay(edge) && IsWrongWay(target) ? IntoWrongWay : 0) | (isForbidden ? Forbidden : 0));
            }

            _first[edge + 1] = turns.Count;
        }

        _turns = [.. turns];
    }

    /// <summary>Whether cars are found on an edge: allowed or, in a one-way street, against it.</summary>
    public bool IsDriven(int edge) => _graph.KmhOf(edge) > 0
        || _graph.KmhOf(edge ^ 1) > 0 && _graph.Segment(edge >> 1) is { Class: not RoadClass.Motorway } segment && (segment.Flags & RoadFlags.Roundabout) == 0;

    /// <summary>Whether an edge that is driven is so against a one-way.</summary>
    public bool IsWrongWay(int edge) => _graph.KmhOf(edge) == 0;

    /// <summary>Four times the edge that follows, with what is wrong about the turn.</summary>
    public ReadOnlySpan<int> After(int edge) => _turns.AsSpan(_first[edge].._first[edge + 1]);

    /// <summary>Flags of a turn.</summary>
    public const int Forbidden = 1, IntoWrongWay = 2;

    private static bool IsAllowed(RoadGraph graph, int edge, int target)
    {
        foreach (int state in graph.TurnsFrom(edge))
        {
            if (graph.EdgeOfState(state) == target)
            {
                return true;
            }
        }

        return false;
    }
}
