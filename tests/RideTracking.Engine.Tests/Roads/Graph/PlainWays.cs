using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Graph;

/// <summary>All fastest ways from the start of an edge, by Dijkstra over a graph's states.</summary>
internal sealed class PlainWays
{
    private readonly RoadGraph _graph;
    private readonly Dictionary<int, (long Milliseconds, int Before)> _settled = [];
    private readonly Dictionary<int, int> _firstStateOfEdge = [];

    private PlainWays(RoadGraph graph) => _graph = graph;

    public int ReachedEdges => _firstStateOfEdge.Count;

    public static PlainWays From(RoadGraph graph, int edge)
    {
        var ways = new PlainWays(graph);
        var open = new PriorityQueue<(int State, int Before), long>();
        open.Enqueue((edge, -1), 0);
        while (open.TryDequeue(out var item, out long milliseconds))
        {
            if (!ways._settled.TryAdd(item.State, (milliseconds, item.Before)))
            {
                continue;
            }

            int at = graph.EdgeOfState(item.State);
            ways._firstStateOfEdge.TryAdd(at, item.State);
            long end = milliseconds + graph.FreeFlowMilliseconds(at);
            ReadOnlySpan<int> turns = graph.TurnsFrom(item.State);
            for (int turn = 0; turn < turns.Length; turn++)
            {
                open.Enqueue((turns[turn], item.State), end + 100 * graph.TurnDelaysFrom(item.State)[turn]);
            }
        }

        return ways;
    }

    public bool Reaches(int edge) => _firstStateOfEdge.ContainsKey(edge);

    /// <summary>The edges of the fastest way, both ends included, or null.</summary>
    public int[]? To(int edge)
    {
        if (!_firstStateOfEdge.TryGetValue(edge, out int state))
        {
            return null;
        }

        var edges = new List<int>();
        for (; state >= 0; state = _settled[state].Before)
        {
            edges.Add(_graph.EdgeOfState(state));
        }

        edges.Reverse();
        return [.. edges];
    }
}
