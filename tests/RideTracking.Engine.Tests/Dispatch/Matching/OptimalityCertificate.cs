using RideTracking.Engine.Dispatch.Matching;

namespace RideTracking.Engine.Tests.Dispatch.Matching;

/// <summary>
/// Proves that an assignment costs least, from nothing but the costs and the assignment: looks for prices of rows and columns
/// that no pair undercuts and that assigned pairs meet (dual feasibility and complementary slackness). They exist exactly when
/// it is optimal; the dual's value is then its cost.
/// </summary>
internal static class OptimalityCertificate
{
    private const double Tolerance = 1e-6;

    /// <summary>Null when it is optimal, else what is wrong.</summary>
    public static string? WhyNot(AssignmentCosts costs, Assignment assignment)
    {
        var rowOf = new int[costs.ColumnCount];
        Array.Fill(rowOf, Assignment.None);
        double total = 0;
        var paid = new double[costs.RowCount];
        for (var row = 0; row < costs.RowCount; row++)
        {
            var column = assignment.ColumnOf[row];
            paid[row] = column == Assignment.None ? costs.UnassignedPrice(row) : CostOf(costs, row, column);
            total += paid[row];
            if (double.IsPositiveInfinity(paid[row]))
            {
                return $"row {row} got column {column}, which is impossible";
            }

            if (column != Assignment.None)
            {
                if (rowOf[column] != Assignment.None)
                {
                    return $"column {column} was given twice";
                }

                rowOf[column] = row;
            }
        }

        if (assignment.ColumnOf.Length != costs.RowCount || Math.Abs(total - assignment.TotalCost) > Tolerance * (1 + Math.Abs(total)))
        {
            return $"its cost is {total}, not {assignment.TotalCost}";
        }

        // Bellman and Ford: the highest column prices, at most 0, that leave no row a better column than its own.
        var columnPrice = new double[costs.ColumnCount];
        for (var (round, changed) = (0, true); changed; round++)
        {
            if (round > costs.ColumnCount + 1)
            {
                return "rows could change places in a circle for less";
            }

            changed = false;
            for (var row = 0; row < costs.RowCount; row++)
            {
                var own = assignment.ColumnOf[row];
                var rowPrice = own == Assignment.None ? paid[row] : paid[row] - columnPrice[own];
                var columns = costs.ColumnsOf(row);
                var pairCosts = costs.CostsOf(row);
                for (var i = 0; i < columns.Length; i++)
                {
                    var most = pairCosts[i] - rowPrice;
                    if (most < columnPrice[columns[i]] - Tolerance)
                    {
                        columnPrice[columns[i]] = most;
                        changed = true;
                    }
                }
            }
        }

        for (var column = 0; column < costs.ColumnCount; column++)
        {
            if (rowOf[column] == Assignment.None && columnPrice[column] < -Tolerance)
            {
                return $"column {column} is free and would save {-columnPrice[column]}";
            }
        }

        for (var row = 0; row < costs.RowCount; row++)
        {
            var own = assignment.ColumnOf[row];
            if (own != Assignment.None && paid[row] - columnPrice[own] > costs.UnassignedPrice(row) + Tolerance)
            {
                return $"row {row} would be cheaper without a column";
            }
        }

        return null;
    }

    private static double CostOf(AssignmentCosts costs, int row, int column)
    {
        var least = double.PositiveInfinity;
        for (var i = 0; i < costs.ColumnsOf(row).Length; i++)
        {
            least = costs.ColumnsOf(row)[i] == column ? Math.Min(least, costs.CostsOf(row)[i]) : least;
        }

        return least;
    }
}
