using RideTracking.Simulation.Bugs;

namespace RideTracking.Simulation.Tests;

/// <summary>A checker that finds nothing must be one that would: each mistake planted on purpose is found.</summary>
public sealed class PlantedBugTests(Stores stores) : IClassFixture<Stores>
{
    // The same seeds and hours find nothing without a mistake: see SeedTests.
    private const int MostSeeds = 36;
    private const double Hours = 0.1;

    // Looked at first: between them they find all mistakes as things are now. Where a change lets others find one, that takes longer.
    private static readonly int[] FirstSeeds = [2, 10, 6, 3, 51, 55];

    public static TheoryData<string> Bugs => [.. PlantedBug.All.Select(b => b.Name)];

    [Theory, MemberData(nameof(Bugs))]
    public void A_mistake_is_found(string name)
    {
        var bug = PlantedBug.All.Single(b => b.Name == name);

        Assert.Contains(FirstSeeds.Union(Enumerable.Range(1, MostSeeds)), seed => SeedRun.Of(stores.Redis, seed, Hours, bug).Checked.Violations.Count > 0);
    }
}
