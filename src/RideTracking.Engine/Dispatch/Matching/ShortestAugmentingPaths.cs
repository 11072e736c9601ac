namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>
/// The Jonker-Volgenant way to an assignment of least cost, as laid out for rectangular problems by D. F. Crouse, "On
/// implementing 2D rectangular assignment algorithms", IEEE Transactions on Aerospace and Electronic Systems 52(4), 2016; here
/// over lists of possible pairs, with Dijkstra's algorithm on a heap. Rows are taken in one by one, each along the cheapest
/// path of displacements that ends at a free column or at a row that is cheaper left without one.
/// </summary>
/// <remarks>
/// Prices of rows and columns (the dual solution) keep cost − row − column at 0 or more for each pair and at 0 for those
/// assigned, columns at 0 or less and free ones at 0: that is why each path found by Dijkstra is the cheapest, and the end optimal.
/// </remarks>
internal sealed class ShortestAugmentingPaths(AssignmentCosts costs)
{
    private readonly int[] _columnOf = Filled(costs.RowCount);
    private readonly int[] _rowOf = Filled(costs.ColumnCount);
    private readonly double[] _rowPrice = new double[costs.RowCount];
    private readonly double[] _columnPrice = new double[costs.ColumnCount];

    // Of the search under way; what carries an older number of it is left from an earlier one.
    private readonly int[] _reachedIn = new int[costs.ColumnCount];
    private readonly int[] _settledIn = new int[costs.ColumnCount];
    private readonly double[] _distance = new double[costs.ColumnCount];
    private readonly int[] _reachedFrom = new int[costs.ColumnCount];
    private readonly List<int> _settled = [];
    private readonly PriorityQueue<int, double> _queue = new();
    private int _search;

    /// <summary>For each row its column, or <see cref="Assignment.None"/>.</summary>
    public int[] Solve()
    {
        for (var row = 0; row < _columnOf.Length; row++)
        {
            TakeIn(row);
        }

        return _columnOf;
    }

    private void TakeIn(int start)
    {
        _search++;
        _queue.Clear();
        _settled.Clear();
        var best = new PathEnd(double.PositiveInfinity, start, Assignment.None);
        var (row, distance) = (start, 0.0);
        do
        {
            Scan(row, distance, ref best);
        }
        while (TrySettle(best.Distance, out row, out distance));

        _rowPrice[start] += best.Distance;
        foreach (var column in _settled)
        {
            var change = best.Distance - _distance[column];
            _rowPrice[_rowOf[column]] += change;
            _columnPrice[column] -= change;
        }

        Displace(start, best);
    }

    // Where the row could go: to stay alone, to a free column, or to one whose row would have to go elsewhere.
    private void Scan(int row, double distance, ref PathEnd best)
    {
        var offset = distance - _rowPrice[row];
        var alone = offset + costs.UnassignedPrice(row);
        if (alone < best.Distance)
        {
            best = new PathEnd(alone, row, Assignment.None);
        }

        var columns = costs.ColumnsOf(row);
        var pairCosts = costs.CostsOf(row);
        for (var i = 0; i < columns.Length; i++)
        {
            var column = columns[i];
            var reached = offset + pairCosts[i] - _columnPrice[column];
            if (reached >= best.Distance || _settledIn[column] == _search)
            {
                continue;
            }

            if (_rowOf[column] == Assignment.None)
            {
                best = new PathEnd(reached, row, column);
            }
            else if (_reachedIn[column] != _search || reached < _distance[column])
            {
                (_reachedIn[column], _distance[column], _reachedFrom[column]) = (_search, reached, row);
                _queue.Enqueue(column, reached);
            }
        }
    }

    private bool TrySettle(double below, out int row, out double distance)
    {
        while (_queue.TryDequeue(out var column, out distance) && distance < below)
        {
            if (_settledIn[column] != _search)
            {
                _settledIn[column] = _search;
                _settled.Add(column);
                row = _rowOf[column];
                return true;
            }
        }

        row = Assignment.None;
        return false;
    }

    private void Displace(int start, PathEnd end)
    {
        var (row, column) = (end.Row, end.Column);
        while (true)
        {
            var before = _columnOf[row];
            _columnOf[row] = column;
            if (column != Assignment.None)
            {
                _rowOf[column] = row;
            }

            if (row == start)
            {
                return;
            }

            (row, column) = (_reachedFrom[before], before);
        }
    }

    private static int[] Filled(int length)
    {
        var filled = new int[length];
        Array.Fill(filled, Assignment.None);
        return filled;
    }

    private readonly record struct PathEnd(double Distance, int Row, int Column);
}
