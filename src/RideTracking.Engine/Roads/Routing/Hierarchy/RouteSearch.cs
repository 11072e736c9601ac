using System.Collections.Immutable;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// The search for one way: up from the starts and up (backwards) from the goals, to the best rank where both come by.
/// Elimination-tree query of Dibbelt, Strasser and Wagner (2016). What is no better than the best way known goes no
/// further. Not thread-safe; keeps its memory from search to search.
/// </summary>
internal sealed class RouteSearch(RoadHierarchy hierarchy)
{
    private readonly Climb _forward = new(hierarchy, hierarchy.Out);
    private readonly Climb _backward = new(hierarchy, hierarchy.In);
    private readonly List<int> _ranks = [];
    private readonly List<int> _edges = [];
    private readonly Stack<(int From, int To)> _arcs = new();
    private int _meeting;
    private int _bias;

    public int FindMilliseconds(CustomizedMetric metric, ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to)
    {
        (int ahead, _, _) = Start(metric.Metric, from, to);
        int best = Meet(metric, ahead, remember: false);
        Clear();
        return best < EdgeTime.Limit ? best : RoadMetric.Unreachable;
    }

    public RoadPath? FindPath(CustomizedMetric metric, ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to)
    {
        (int ahead, int start, int goal) = Start(metric.Metric, from, to);
        int best = Meet(metric, ahead, remember: true);
        RoadPath? path = null;
        if (_meeting >= 0)
        {
            (start, goal) = Unpack(metric, from);
            path = new RoadPath(from[start], to[goal], [.. _edges], best);
        }
        else if (best < EdgeTime.Limit)
        {
            path = new RoadPath(from[start], to[goal], ImmutableArray.Create(from[start].Edge), best);
        }

        Clear();
        return path;
    }

    /// <summary>Seeds both sides; gives the best way that never leaves its edge.</summary>
    private (int Milliseconds, int Start, int Goal) Start(
        RoadMetric metric, ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to)
    {
        (int Milliseconds, int Start, int Goal) ahead = (EdgeTime.Infinite, -1, -1);
        _bias = Seeds.BiasOf(hierarchy.Graph, metric, from);
        for (int i = 0; i < from.Length; i++)
        {
            bool roundAbout = false;
            for (int j = 0; j < to.Length; j++)
            {
                roundAbout |= from[i].Edge == to[j].Edge;
                int milliseconds = EdgeTime.Ahead(hierarchy.Graph, metric, from[i], to[j]);
                ahead = milliseconds < ahead.Milliseconds ? (milliseconds, i, j) : ahead;
            }

            Seeds.Start(_forward, hierarchy, metric, from[i], roundAbout, _bias, i);
        }

        for (int j = 0; j < to.Length; j++)
        {
            Seeds.Goal(_backward, hierarchy, metric, to[j], j);
        }

        return ahead;
    }

    /// <summary>The least time from a start to a goal if it is below one that is known, else that one.</summary>
    private int Meet(CustomizedMetric metric, int known, bool remember)
    {
        Climb forward = _forward, backward = _backward;
        int[] outTimes = metric.Out.Milliseconds, inTimes = metric.In.Milliseconds;
        int best = known >= EdgeTime.Limit ? EdgeTime.Limit : known + _bias;
        _meeting = -1;
        while (forward.Rank != Climb.Over && backward.Rank != Climb.Over)
        {
            int rank = Math.Min(forward.Rank, backward.Rank);
            bool up = forward.Rank == rank, down = backward.Rank == rank;
            if (up && down && forward.Milliseconds + backward.Milliseconds is var sum && sum < best)
            {
                best = sum;
                _meeting = rank;
            }

            if (up)
            {
                Step(forward, outTimes, best, remember);
            }

            if (down)
            {
                Step(backward, inTimes, best, remember);
            }
        }

        return _meeting < 0 ? known : best - _bias;
    }

    private static void Step(Climb climb, int[] times, int best, bool remember)
    {
        if (climb.Milliseconds < best)
        {
            if (remember)
            {
                climb.RelaxAndRemember(times);
            }
            else
            {
                climb.Relax(times);
            }
        }

        climb.Pass();
    }

    /// <summary>The edges of the way found, and the numbers of its start and its goal.</summary>
    private (int Start, int Goal) Unpack(CustomizedMetric metric, ReadOnlySpan<RoadPosition> from)
    {
        _edges.Clear();
        _ranks.Clear();
        (int start, bool isAfterEdge) = Seeds.OfTag(_forward.TraceBack(_meeting, _ranks));
        _ranks.Reverse();
        int split = _ranks.Count;
        int goal = _backward.TraceBack(_meeting, _ranks);
        // The meeting is the end of the way up and the start of the way down; the latter was traced from it to the goal.
        _ranks.RemoveAt(split);
        _edges.Add(isAfterEdge ? from[start].Edge : EdgeOf(_ranks[0]));
        if (isAfterEdge)
        {
            _edges.Add(EdgeOf(_ranks[0]));
        }

        for (int i = 1; i < _ranks.Count; i++)
        {
            Unpack(metric, _ranks[i - 1], _ranks[i]);
        }

        return (start, goal);
    }

    /// <summary>Adds the edges after <paramref name="from"/> that an arc stands for.</summary>
    private void Unpack(CustomizedMetric metric, int from, int to)
    {
        _arcs.Push((from, to));
        while (_arcs.TryPop(out (int From, int To) arc))
        {
            int middle = arc.From < arc.To
                ? metric.Out.Middles[hierarchy.Out.Find(arc.From, arc.To)]
                : metric.In.Middles[hierarchy.In.Find(arc.To, arc.From)];
            if (middle < 0)
            {
                _edges.Add(EdgeOf(arc.To));
            }
            else
            {
                _arcs.Push((middle, arc.To));
                _arcs.Push((arc.From, middle));
            }
        }
    }

    private int EdgeOf(int rank) => hierarchy.Graph.EdgeOfState(hierarchy.Tree.States[rank]);

    private void Clear()
    {
        _forward.Clear();
        _backward.Clear();
    }
}
