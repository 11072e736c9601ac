using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>Which column each row got: no column twice, and no other choice costs less in all.</summary>
/// <param name="ColumnOf">For each row its column, or <see cref="None"/>.</param>
/// <param name="TotalCost">The costs of the pairs and the prices of the rows left without a column.</param>
public sealed record Assignment(ImmutableArray<int> ColumnOf, double TotalCost)
{
    /// <summary>In place of a column: the row stays without one.</summary>
    public const int None = -1;

    /// <summary>
    /// The assignment of least cost, exact up to rounding. The same input gives the same answer. Takes time in proportion to
    /// rows × pairs at worst, and far less where rows find a column without pushing many others aside.
    /// </summary>
    public static Assignment OfLeastCost(AssignmentCosts costs)
    {
        ArgumentNullException.ThrowIfNull(costs);
        var columnOf = new ShortestAugmentingPaths(costs).Solve();
        double total = 0;
        for (var row = 0; row < columnOf.Length; row++)
        {
            total += columnOf[row] == None ? costs.UnassignedPrice(row) : costs.CostOf(row, columnOf[row]);
        }

        return new Assignment(ImmutableArray.Create(columnOf), total);
    }
}
