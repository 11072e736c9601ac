using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>
/// What may follow an edge when it has been driven, which is more than what is allowed: every edge that leads on may be,
/// turning round too; what the rules forbid is told apart. Immutable, one for a graph.
/// </summary>
internal sealed class LooseTurns
{
    private readonly int[] _first;
    private readonly int[] _turns;

    public LooseTurns(RoadGraph graph)
    {
        int[] firstOut = new int[graph.JunctionCount + 1];
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            firstOut[graph.TailOf(edge) + 1] += graph.KmhOf(edge) > 0 ? 1 : 0;
        }

        for (int junction = 0; junction < graph.JunctionCount; junction++)
        {
            firstOut[junction + 1] += firstOut[junction];
        }

        int[] outEdges = new int[firstOut[^1]], next = [.. firstOut];
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            if (graph.KmhOf(edge) > 0)
            {
                outEdges[next[graph.TailOf(edge)]++] = edge;
            }
        }

        _first = new int[graph.EdgeCount + 1];
        var turns = new List<int>(graph.TurnCount);
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            int head = graph.HeadOf(edge);
            foreach (int target in graph.KmhOf(edge) > 0 ? outEdges.AsSpan(firstOut[head]..firstOut[head + 1]) : [])
            {
                turns.Add(target << 1 | (target != (edge ^ 1) && !IsAllowed(graph, edge, target) ? 1 : 0));
            }

            _first[edge + 1] = turns.Count;
        }

        _turns = [.. turns];
    }

    /// <summary>Twice the edge that follows, and one more where the turn is forbidden.</summary>
    public ReadOnlySpan<int> After(int edge) => _turns.AsSpan(_first[edge].._first[edge + 1]);

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
