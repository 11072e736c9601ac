using System.Numerics;
using System.Runtime.InteropServices;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// Times from many places to many: each goal leaves its time at all ranks above it (Knopp, Sanders, Schultes, Schulz and
/// Wagner, "Computing Many-to-Many Shortest Paths Using Highway Hierarchies", 2007), each start comes by and collects.
/// Goals sorted by rank are side by side in the elimination tree: those below a rank are a range, so their times at a
/// rank lie in a row, and collecting is adding one number to a row and taking the least, several at once. Not thread-safe.
/// </summary>
internal sealed class TableSearch(RoadHierarchy hierarchy)
{
    private readonly Climb _forward = new(hierarchy, hierarchy.Out);
    private readonly Climb _backward = new(hierarchy, hierarchy.In);
    private readonly int[] _rowStart = new int[hierarchy.StateCount]; // of each rank above a goal, in _times
    private readonly int[] _rowLength = new int[hierarchy.StateCount]; // 0 of all others
    private readonly int[] _rowColumn = new int[hierarchy.StateCount]; // the column of the row's first
    private readonly List<Column> _columns = [];
    private readonly Dictionary<int, List<(int Place, RoadPosition Position)>> _goalsByEdge = [];
    private int[] _times = [];
    private int[] _best = []; // of each column, for the start in hand

    /// <summary>A state that is a goal, of one of the places.</summary>
    private readonly record struct Column(int Rank, int Place, RoadPosition Position) : IComparable<Column>
    {
        public int CompareTo(Column other) => (Rank, Place).CompareTo((other.Rank, other.Place));
    }

    /// <summary>The least time from any position of each place of one set to any of each of the other, row by row.</summary>
    public void Fill(
        CustomizedMetric metric, ReadOnlySpan<RoadPosition[]> from, ReadOnlySpan<RoadPosition[]> to, Span<int> milliseconds)
    {
        CollectColumns(to);
        MeasureRows();
        FillRows(metric);
        for (int i = 0; i < from.Length; i++)
        {
            FillFrom(metric, from[i], milliseconds.Slice(i * to.Length, to.Length));
        }

        Clear();
    }

    private void CollectColumns(ReadOnlySpan<RoadPosition[]> to)
    {
        for (int place = 0; place < to.Length; place++)
        {
            foreach (RoadPosition position in to[place])
            {
                ref List<(int, RoadPosition)>? goals =
                    ref CollectionsMarshal.GetValueRefOrAddDefault(_goalsByEdge, position.Edge, out _);
                (goals ??= []).Add((place, position));
                if (hierarchy.Tree.Ranks[position.Edge] is var rank and >= 0)
                {
                    _columns.Add(new Column(rank, place, position));
                    foreach (int copy in hierarchy.Graph.ExtraStatesOf(position.Edge))
                    {
                        _columns.Add(new Column(hierarchy.Tree.Ranks[copy], place, position));
                    }
                }
            }
        }

        _columns.Sort();
        _best = _best.Length < _columns.Count ? new int[_columns.Count] : _best;
    }

    /// <summary>Gives each rank above a goal a row as long as there are goals below it.</summary>
    private void MeasureRows()
    {
        int length = 0;
        for (int column = 0; column < _columns.Count; column++)
        {
            for (int rank = _columns[column].Rank; rank >= 0; rank = hierarchy.Tree.Parents[rank])
            {
                _rowColumn[rank] = _rowLength[rank]++ == 0 ? column : _rowColumn[rank];
                length++;
            }
        }

        _times = _times.Length < length ? new int[length] : _times;
        int start = 0;
        for (int column = 0; column < _columns.Count; column++)
        {
            for (int rank = _columns[column].Rank; rank >= 0 && _rowColumn[rank] == column; rank = hierarchy.Tree.Parents[rank])
            {
                _rowStart[rank] = start;
                start += _rowLength[rank];
            }
        }
    }

    private void FillRows(CustomizedMetric metric)
    {
        int[] times = metric.In.Milliseconds;
        for (int column = 0; column < _columns.Count; column++)
        {
            (int goal, _, RoadPosition position) = _columns[column];
            int whole = EdgeTime.Whole(metric.Metric, position.Edge);
            int behind = whole == EdgeTime.Infinite ? EdgeTime.Infinite : EdgeTime.Behind(whole, position.Fraction);
            _backward.Seed(goal, behind, column);
            for (; _backward.Rank != Climb.Over; _backward.Pass())
            {
                int rank = _backward.Rank;
                _times[_rowStart[rank] + column - _rowColumn[rank]] = _backward.Milliseconds;
                if (_backward.Milliseconds < EdgeTime.Limit)
                {
                    _backward.Relax(times);
                }
            }

            _backward.Clear();
        }
    }

    private void FillFrom(CustomizedMetric metric, RoadPosition[] from, Span<int> milliseconds)
    {
        Span<int> best = _best.AsSpan(0, _columns.Count);
        best.Fill(EdgeTime.Infinite);
        int bias = Seeds.BiasOf(hierarchy.Graph, metric.Metric, from);
        for (int i = 0; i < from.Length; i++)
        {
            Seeds.Start(_forward, hierarchy, metric.Metric, from[i], _goalsByEdge.ContainsKey(from[i].Edge), bias, i);
        }

        for (; _forward.Rank != Climb.Over; _forward.Pass())
        {
            int rank = _forward.Rank, here = _forward.Milliseconds;
            if (here < EdgeTime.Limit)
            {
                _forward.Relax(metric.Out.Milliseconds);
                AddAndTakeLeast(
                    best.Slice(_rowLength[rank] == 0 ? 0 : _rowColumn[rank], _rowLength[rank]),
                    _times.AsSpan(_rowStart[rank], _rowLength[rank]), here);
            }
        }

        _forward.Clear();
        milliseconds.Fill(RoadMetric.Unreachable);
        for (int column = 0; column < best.Length; column++)
        {
            if (best[column] < EdgeTime.Limit)
            {
                ref int known = ref milliseconds[_columns[column].Place];
                known = Math.Min(known, best[column] - bias);
            }
        }

        foreach (RoadPosition start in from)
        {
            if (!_goalsByEdge.TryGetValue(start.Edge, out List<(int Place, RoadPosition Position)>? goals))
            {
                continue;
            }

            foreach ((int place, RoadPosition position) in goals)
            {
                if (EdgeTime.Ahead(hierarchy.Graph, metric.Metric, start, position) is var ahead and < EdgeTime.Limit)
                {
                    milliseconds[place] = Math.Min(milliseconds[place], ahead);
                }
            }
        }
    }

    /// <summary>best[i] = min(best[i], times[i] + more)</summary>
    private static void AddAndTakeLeast(Span<int> best, ReadOnlySpan<int> times, int more)
    {
        int done = 0;
        if (times.Length >= Vector<int>.Count)
        {
            var added = new Vector<int>(more);
            for (; done <= times.Length - Vector<int>.Count; done += Vector<int>.Count)
            {
                Span<int> into = best[done..];
                Vector.Min(new Vector<int>(into), new Vector<int>(times[done..]) + added).CopyTo(into);
            }
        }

        for (; done < times.Length; done++)
        {
            best[done] = Math.Min(best[done], times[done] + more);
        }
    }

    private void Clear()
    {
        foreach (Column column in _columns)
        {
            for (int rank = column.Rank; rank >= 0 && _rowLength[rank] > 0; rank = hierarchy.Tree.Parents[rank])
            {
                _rowLength[rank] = 0;
            }
        }

        _columns.Clear();
        _goalsByEdge.Clear();
    }
}
