using RideTracking.Engine.Dispatch.Matching;

namespace RideTracking.Engine.Tests.Dispatch.Matching;

public class AssignmentTests
{
    [Fact]
    public void Small_worlds_cost_what_the_best_of_all_choices_costs()
    {
        for (var seed = 0; seed < 5_000; seed++)
        {
            var random = new Random(seed);
            var costs = World(random, random.Next(6), random.Next(6), density: random.Next(1, 5) / 4.0);
            var found = Assignment.OfLeastCost(costs);
            Assert.True(Math.Abs(BestOfAll(costs, 0, new bool[costs.ColumnCount]) - found.TotalCost) < 1e-9, $"seed {seed}");
            Assert.True(OptimalityCertificate.WhyNot(costs, found) is null, $"seed {seed}: {OptimalityCertificate.WhyNot(costs, found)}");
        }
    }

    [Theory]
    [InlineData(1_000, 5_000, 1.0)]
    [InlineData(1_000, 1_200, 0.04)]
    [InlineData(1_200, 1_000, 0.04)]
    [InlineData(400, 400, 1.0)]
    [InlineData(3_000, 5_000, 0.01)]
    public void Large_worlds_are_optimal_by_their_certificate(int rows, int columns, double density)
    {
        var costs = World(new Random(rows + columns), rows, columns, density);
        Assert.Null(OptimalityCertificate.WhyNot(costs, Assignment.OfLeastCost(costs)));
    }

    [Fact]
    public void The_certificate_is_refused_to_whatever_costs_more()
    {
        var refused = 0;
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var costs = World(random, 1 + random.Next(6), 1 + random.Next(6), density: 1);
            var best = Assignment.OfLeastCost(costs);
            // Any other choice: each row takes a column that is left, or none.
            var left = Enumerable.Range(0, costs.ColumnCount).OrderBy(_ => random.Next()).ToList();
            int[] other = [.. Enumerable.Range(0, costs.RowCount).Select(row =>
            {
                var at = left.FindIndex(c => costs.ColumnsOf(row).Contains(c));
                if (at < 0 || random.Next(4) == 0)
                {
                    return Assignment.None;
                }

                var column = left[at];
                left.RemoveAt(at);
                return column;
            })];
            var total = Enumerable.Range(0, costs.RowCount).Sum(row => other[row] == Assignment.None
                ? costs.UnassignedPrice(row)
                : LeastOf(costs, row, other[row]));
            var isOptimal = OptimalityCertificate.WhyNot(costs, new Assignment([.. other], total)) is null;
            Assert.Equal(total <= best.TotalCost + 1e-9, isOptimal);
            refused += isOptimal ? 0 : 1;
        }

        Assert.True(refused > 100);
    }

    [Fact]
    public void Equal_costs_are_all_the_same_and_repeat()
    {
        var costs = new AssignmentCosts(60);
        for (var row = 0; row < 50; row++)
        {
            costs.AddRow(100);
            for (var column = 0; column < 60; column++)
            {
                costs.Add(column, 7);
            }
        }

        var found = Assignment.OfLeastCost(costs);
        Assert.Equal(350, found.TotalCost);
        Assert.Equal(found.ColumnOf, Assignment.OfLeastCost(costs).ColumnOf);
        Assert.Null(OptimalityCertificate.WhyNot(costs, found));
    }

    [Fact]
    public void A_row_is_never_forced_and_what_is_impossible_is_never_given()
    {
        var costs = new AssignmentCosts(3);
        costs.AddRow(10);
        costs.Add(0, 11); // dearer than to stay alone
        costs.AddRow(10);
        costs.Add(1, double.PositiveInfinity);
        costs.AddRow(1e12);
        costs.AddRow(-5);
        costs.Add(2, -6);
        costs.AddRow(-5);
        costs.Add(2, -4);
        Assert.Equal([-1, -1, -1, 2, -1], Assignment.OfLeastCost(costs).ColumnOf);
        Assert.Equal(10 + 10 + 1e12 - 6 - 5, Assignment.OfLeastCost(costs).TotalCost);
    }

    [Fact]
    public void A_row_gives_way_when_another_would_lose_more()
    {
        var costs = new AssignmentCosts(2);
        costs.AddRow(1_000);
        costs.Add(0, 1);
        costs.Add(1, 2);
        costs.AddRow(1_000);
        costs.Add(0, 1);
        costs.AddRow(900); // nothing is left but the price
        costs.Add(0, 1);
        Assert.Equal([1, 0, -1], Assignment.OfLeastCost(costs).ColumnOf);
    }

    [Fact]
    public void Bad_costs_are_refused()
    {
        var costs = new AssignmentCosts(1);
        Assert.Throws<InvalidOperationException>(() => costs.Add(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => costs.AddRow(double.PositiveInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => costs.AddRow(double.NaN));
        costs.AddRow(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => costs.Add(0, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => costs.Add(0, double.NegativeInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => costs.Add(1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => costs.Add(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AssignmentCosts(-1));
    }

    // Whole numbers among few make ties; some pairs are impossible, some costs negative, some rows and columns without any pair.
    private static AssignmentCosts World(Random random, int rows, int columns, double density)
    {
        var (costs, most) = (new AssignmentCosts(columns), random.Next(2) == 0 ? 5 : 10_000);
        for (var row = 0; row < rows; row++)
        {
            costs.AddRow(random.Next(-most, 2 * most));
            for (var column = 0; column < columns; column++)
            {
                if (random.NextDouble() < density)
                {
                    costs.Add(column, random.Next(20) == 0 ? double.PositiveInfinity : random.Next(-most / 4, most));
                }
            }
        }

        return costs;
    }

    private static double BestOfAll(AssignmentCosts costs, int row, bool[] taken)
    {
        if (row == costs.RowCount)
        {
            return 0;
        }

        var least = costs.UnassignedPrice(row) + BestOfAll(costs, row + 1, taken);
        for (var i = 0; i < costs.ColumnsOf(row).Length; i++)
        {
            var column = costs.ColumnsOf(row)[i];
            if (!taken[column])
            {
                taken[column] = true;
                least = Math.Min(least, costs.CostsOf(row)[i] + BestOfAll(costs, row + 1, taken));
                taken[column] = false;
            }
        }

        return least;
    }

    private static double LeastOf(AssignmentCosts costs, int row, int column) =>
        Enumerable.Range(0, costs.ColumnsOf(row).Length).Where(i => costs.ColumnsOf(row)[i] == column).Min(i => costs.CostsOf(row)[i]);
}
