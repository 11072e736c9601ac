using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>What driving along a path costs, turn by turn, by no search at all.</summary>
internal static class PathCheck
{
    /// <summary>Milliseconds of a path's edges, or null when some turn on it may not be driven.</summary>
    public static long? Cost(RoadGraph graph, RoadMetric metric, RoadPath path)
    {
        if (path.Start.Edge != path.Edges[0] || path.End.Edge != path.Edges[^1])
        {
            return null;
        }

        // The states that who drove so may be in, with the least cost to the head of their edge.
        long Whole(int edge) => metric[edge] != RoadMetric.Closed ? metric[edge] : graph.FreeFlowMilliseconds(edge);
        long behindStart = (long)(Whole(path.Edges[0]) * path.Start.Fraction);
        long behindEnd = (long)(Whole(path.Edges[^1]) * path.End.Fraction);
        var states = new Dictionary<int, long> { [path.Edges[0]] = Whole(path.Edges[0]) - behindStart };
        for (int i = 1; i < path.Edges.Length; i++)
        {
            if (metric[path.Edges[i]] == RoadMetric.Closed)
            {
                return null;
            }

            var next = new Dictionary<int, long>();
            foreach ((int state, long cost) in states)
            {
                for (int turn = 0; turn < graph.TurnsFrom(state).Length; turn++)
                {
                    int target = graph.TurnsFrom(state)[turn];
                    long reached = cost + graph.TurnDelaysFrom(state)[turn] * 100 + Whole(path.Edges[i]);
                    if (graph.EdgeOfState(target) == path.Edges[i] && reached < next.GetValueOrDefault(target, long.MaxValue))
                    {
                        next[target] = reached;
                    }
                }
            }

            states = next;
        }

        return states.Count == 0 ? null : states.Values.Min() - Whole(path.Edges[^1]) + behindEnd;
    }
}
