using System.Runtime.InteropServices;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>
/// What it costs to give a row a column: only the pairs that are possible, row by row, and for each row the price of leaving it
/// without one. Not thread-safe while rows are added.
/// </summary>
public sealed class AssignmentCosts
{
    private readonly List<int> _columns = [];
    private readonly List<double> _costs = [];
    private readonly List<int> _ends = [];
    private readonly List<double> _prices = [];

    /// <param name="columnCount">Columns are numbered from 0; 0 or more.</param>
    public AssignmentCosts(int columnCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(columnCount);
        ColumnCount = columnCount;
    }

    /// <summary>How many columns there are.</summary>
    public int ColumnCount { get; }

    /// <summary>How many rows were added.</summary>
    public int RowCount => _prices.Count;

    /// <summary>Begins the next row; <see cref="Add"/> gives it columns.</summary>
    /// <param name="unassignedPrice">What it costs to leave the row without a column; finite. A high one makes the row worth much.</param>
    /// <returns>The row's number, from 0.</returns>
    public int AddRow(double unassignedPrice)
    {
        if (!double.IsFinite(unassignedPrice))
        {
            throw new ArgumentOutOfRangeException(nameof(unassignedPrice), unassignedPrice, "The price of leaving a row unassigned must be finite.");
        }

        _prices.Add(unassignedPrice);
        _ends.Add(_columns.Count);
        return _prices.Count - 1;
    }

    /// <summary>Says what the newest row would cost with a column. The same pair may come several times: the least counts.</summary>
    /// <param name="column">From 0 to below <see cref="ColumnCount"/>.</param>
    /// <param name="cost">May be negative; positive infinity means impossible, as if the pair were not given.</param>
    public void Add(int column, double cost)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(column);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column, ColumnCount);
        if (double.IsNaN(cost) || double.IsNegativeInfinity(cost))
        {
            throw new ArgumentOutOfRangeException(nameof(cost), cost, "A cost must be a number, or positive infinity for what is impossible.");
        }

        if (_prices.Count == 0)
        {
            throw new InvalidOperationException("A cost belongs to a row: add one first.");
        }

        if (double.IsFinite(cost))
        {
            _columns.Add(column);
            _costs.Add(cost);
            _ends[^1] = _columns.Count;
        }
    }

    /// <summary>What it costs to leave a row without a column.</summary>
    public double UnassignedPrice(int row) => _prices[row];

    /// <summary>The columns that are possible for a row, and at the same places of <see cref="CostsOf"/> their costs.</summary>
    public ReadOnlySpan<int> ColumnsOf(int row) => CollectionsMarshal.AsSpan(_columns)[StartOf(row).._ends[row]];

    /// <inheritdoc cref="ColumnsOf"/>
    public ReadOnlySpan<double> CostsOf(int row) => CollectionsMarshal.AsSpan(_costs)[StartOf(row).._ends[row]];

    /// <summary>What a row costs with a column; positive infinity when that is impossible.</summary>
    public double CostOf(int row, int column)
    {
        var columns = ColumnsOf(row);
        var costs = CostsOf(row);
        var least = double.PositiveInfinity;
        for (var i = 0; i < columns.Length; i++)
        {
            least = columns[i] == column ? Math.Min(least, costs[i]) : least;
        }

        return least;
    }

    private int StartOf(int row) => row == 0 ? 0 : _ends[row - 1];
}
