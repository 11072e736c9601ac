using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// Cheapest ways with nothing prepared (Dijkstra, 1959), on the states of the graph. What <c>RoadRouter</c> is
/// checked and measured against, and what serves where only the surroundings are searched. Not thread-safe: one for each
/// thread; it keeps its memory from search to search.
/// </summary>
public sealed class Dijkstra
{
    private const int Start = -1;

    private readonly RoadGraph _graph;
    private readonly int[] _milliseconds; // of each state, from the start to its tail
    private readonly int[] _before; // the state before it, or Start - index of the position started from
    private readonly List<int> _reached = [];
    private readonly MinQueue _queue = new();
    private RoadPosition[] _from = [];
    private RoadMetric? _metric;

    public Dijkstra(RoadGraph graph)
    {
        _graph = graph;
        _milliseconds = new int[graph.StateCount];
        _before = new int[graph.StateCount];
        Array.Fill(_milliseconds, EdgeTime.Infinite);
    }

    /// <summary>States whose cheapest way the last search has settled.</summary>
    public int SettledCount { get; private set; }

    /// <summary>The cheapest way from any of some places to any of others; null when there is none.</summary>
    public RoadPath? FindPath(RoadMetric metric, ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to)
    {
        Search(metric, from, to, EdgeTime.Limit);
        RoadPath? best = null;
        foreach (RoadPosition each in to)
        {
            if (PathTo(each) is { } path && (best is null || path.Milliseconds < best.Milliseconds))
            {
                best = path;
            }
        }

        return best;
    }

    /// <summary>Milliseconds of the cheapest way from any to any; <see cref="RoadMetric.Unreachable"/> when there is none.</summary>
    public int FindMilliseconds(RoadMetric metric, ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to)
    {
        Search(metric, from, to, EdgeTime.Limit);
        int best = RoadMetric.Unreachable;
        foreach (RoadPosition each in to)
        {
            best = Math.Min(best, MillisecondsTo(each));
        }

        return best;
    }

    /// <summary>
    /// Searches everything that is reached within <paramref name="limitMilliseconds"/>. Then
    /// <see cref="MillisecondsTo"/> and <see cref="PathTo"/> answer for any place.
    /// </summary>
    public void SearchFrom(RoadMetric metric, ReadOnlySpan<RoadPosition> from, int limitMilliseconds) =>
        Search(metric, from, [], Math.Clamp(limitMilliseconds, 0, EdgeTime.Limit));

    /// <summary>
    /// Milliseconds from where the last search started; <see cref="RoadMetric.Unreachable"/> where it has found no way.
    /// </summary>
    public int MillisecondsTo(RoadPosition to)
    {
        (int milliseconds, _, _) = Best(to);
        return milliseconds < EdgeTime.Limit ? milliseconds : RoadMetric.Unreachable;
    }

    /// <summary>The way from where the last search started; null where it has found none.</summary>
    public RoadPath? PathTo(RoadPosition to)
    {
        (int milliseconds, int state, int ahead) = Best(to);
        if (milliseconds >= EdgeTime.Limit)
        {
            return null;
        }

        var edges = new List<int>();
        int start = ahead;
        for (; state >= 0; state = _before[state])
        {
            edges.Add(_graph.EdgeOfState(state));
            start = Start - _before[state];
        }

        edges.Add(_from[start].Edge);
        edges.Reverse();
        return new RoadPath(_from[start], to, [.. edges], milliseconds);
    }

    private void Search(RoadMetric metric, ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to, int limit)
    {
        Forget();
        _metric = metric;
        _from = from.ToArray();
        for (int i = 0; i < from.Length; i++)
        {
            int whole = EdgeTime.WholeOfFirst(_graph, metric, from[i].Edge);
            if (whole != EdgeTime.Infinite)
            {
                Relax(from[i].Edge, whole - EdgeTime.Behind(whole, from[i].Fraction), Start - i);
            }

            foreach (RoadPosition each in to)
            {
                limit = Math.Min(limit, EdgeTime.Ahead(_graph, metric, from[i], each));
            }
        }

        while (_queue.Count > 0 && _queue.LeastMilliseconds <= limit)
        {
            (int milliseconds, int state) = _queue.Take();
            if (milliseconds > _milliseconds[state])
            {
                continue;
            }

            SettledCount++;
            int edge = _graph.EdgeOfState(state);
            int whole = EdgeTime.Whole(metric, edge);
            if (whole == EdgeTime.Infinite)
            {
                continue;
            }

            foreach (RoadPosition each in to)
            {
                if (each.Edge == edge)
                {
                    limit = Math.Min(limit, milliseconds + EdgeTime.Behind(whole, each.Fraction));
                }
            }

            Relax(state, milliseconds + whole, state);
        }
    }

    /// <summary>Goes on from a state whose head is reached after <paramref name="milliseconds"/>.</summary>
    private void Relax(int state, int milliseconds, int before)
    {
        ReadOnlySpan<int> turns = _graph.TurnsFrom(state);
        ReadOnlySpan<byte> delays = _graph.TurnDelaysFrom(state);
        for (int i = 0; i < turns.Length; i++)
        {
            int next = turns[i];
            int reached = milliseconds + EdgeTime.OfTurn(delays[i]);
            int known = _milliseconds[next];
            if (reached >= known || reached >= EdgeTime.Limit)
            {
                continue;
            }

            if (known == EdgeTime.Infinite)
            {
                _reached.Add(next);
            }

            _milliseconds[next] = reached;
            _before[next] = before;
            _queue.Add(reached, next);
        }
    }

    /// <summary>The cheapest way to a place: its cost, and the last state or else the start that lies before it on its edge.</summary>
    private (int Milliseconds, int State, int Ahead) Best(RoadPosition to)
    {
        RoadMetric metric = _metric ?? throw new InvalidOperationException("Nothing has been searched yet.");
        (int Milliseconds, int State, int Ahead) best = (EdgeTime.Infinite, Start, Start);
        for (int i = 0; i < _from.Length; i++)
        {
            int ahead = EdgeTime.Ahead(_graph, metric, _from[i], to);
            best = ahead < best.Milliseconds ? (ahead, Start, i) : best;
        }

        int whole = EdgeTime.Whole(metric, to.Edge);
        if (whole == EdgeTime.Infinite)
        {
            return best;
        }

        int behind = EdgeTime.Behind(whole, to.Fraction);
        Consider(to.Edge);
        foreach (int state in _graph.ExtraStatesOf(to.Edge))
        {
            Consider(state);
        }

        return best;

        void Consider(int state)
        {
            int milliseconds = _milliseconds[state] + behind;
            best = milliseconds < best.Milliseconds ? (milliseconds, state, Start) : best;
        }
    }

    private void Forget()
    {
        foreach (int state in _reached)
        {
            _milliseconds[state] = EdgeTime.Infinite;
        }

        _reached.Clear();
        _queue.Clear();
        SettledCount = 0;
    }
}
