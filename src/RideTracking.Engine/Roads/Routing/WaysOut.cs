using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// The ways off closed streets, for who is shut in by them: over closed ones to open ones, at free flow, the shortest first.
/// Nobody is lifted over houses or led against a one-way because the streets around were closed.
/// </summary>
internal static class WaysOut
{
    private const int MostWays = 16;
    private const int OpenStates = 2_000; // who gets about among so many is not shut in

    /// <summary>At most 16; each ends at the start of an open edge that follows a closed one. None for who is not shut in.</summary>
    /// <param name="graph">The roads.</param>
    /// <param name="metric">Which of them are closed.</param>
    /// <param name="starts">Where a way may start.</param>
    /// <param name="center">That place.</param>
    /// <param name="withinMeters">No way goes farther from there, as the crow flies.</param>
    public static IEnumerable<RoadPath> From(RoadGraph graph, RoadMetric metric, RoadPosition[] starts, GeoPoint center, double withinMeters)
    {
        if (!IsShutIn(graph, metric, starts))
        {
            yield break;
        }

        var reached = new Dictionary<int, (int Milliseconds, int Before)>();
        var queue = new MinQueue();
        for (int i = 0; i < starts.Length; i++)
        {
            int whole = EdgeTime.WholeOfFirst(graph, metric, starts[i].Edge);
            if (whole != EdgeTime.Infinite)
            {
                Relax(starts[i].Edge, whole - EdgeTime.Behind(whole, starts[i].Fraction), -1 - i);
            }
        }

        for (int ways = 0; queue.Count > 0 && ways < MostWays;)
        {
            (int milliseconds, int state) = queue.Take();
            if (milliseconds > reached[state].Milliseconds)
            {
                continue;
            }

            int edge = graph.EdgeOfState(state), before = reached[state].Before;
            int edgeBefore = before >= 0 ? graph.EdgeOfState(before) : starts[-1 - before].Edge;
            if (metric[edge] != RoadMetric.Closed && metric[edgeBefore] == RoadMetric.Closed)
            {
                ways++;
                yield return PathTo(state, milliseconds);
            }

            Relax(state, milliseconds + EdgeTime.WholeOfFirst(graph, metric, edge), state);
        }

        void Relax(int state, int milliseconds, int before)
        {
            ReadOnlySpan<int> turns = graph.TurnsFrom(state);
            ReadOnlySpan<byte> delays = graph.TurnDelaysFrom(state);
            for (int i = 0; i < turns.Length; i++)
            {
                int at = milliseconds + EdgeTime.OfTurn(delays[i]);
                bool isNear = Earth.DistanceMeters(center, graph.JunctionAt(graph.TailOf(graph.EdgeOfState(turns[i])))) <= withinMeters;
                if (isNear && (!reached.TryGetValue(turns[i], out (int Milliseconds, int Before) known) || at < known.Milliseconds))
                {
                    reached[turns[i]] = (at, before);
                    queue.Add(at, turns[i]);
                }
            }
        }

        RoadPath PathTo(int state, int milliseconds)
        {
            var edges = new List<int>();
            int last = graph.EdgeOfState(state);
            for (; state >= 0; state = reached[state].Before)
            {
                edges.Add(graph.EdgeOfState(state));
            }

            RoadPosition start = starts[-1 - state];
            edges.Add(start.Edge);
            edges.Reverse();
            return new RoadPath(start, new RoadPosition(last, 0), [.. edges], milliseconds);
        }
    }

    private static bool IsShutIn(RoadGraph graph, RoadMetric metric, RoadPosition[] starts)
    {
        var seen = new HashSet<int>();
        var next = new Stack<int>();
        foreach (RoadPosition start in starts)
        {
            next.Push(start.Edge);
        }

        while (next.TryPop(out int state) && seen.Count < OpenStates)
        {
            foreach (int turn in graph.TurnsFrom(state))
            {
                if (metric[graph.EdgeOfState(turn)] != RoadMetric.Closed && seen.Add(turn))
                {
                    next.Push(turn);
                }
            }
        }

        return seen.Count < OpenStates;
    }

    /// <summary>A way out and the way on from its end as one.</summary>
    public static RoadPath Join(RoadPath way, RoadPath on) =>
        new(way.Start, on.End, way.Edges.RemoveAt(way.Edges.Length - 1).AddRange(on.Edges), way.Milliseconds + on.Milliseconds);
}
