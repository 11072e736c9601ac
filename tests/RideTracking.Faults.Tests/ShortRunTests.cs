namespace RideTracking.Faults.Tests;

/// <summary>The short form: a town on three nodes, and half a minute of faults.</summary>
public sealed class ShortRunTests(ITestOutputHelper output)
{
    [Theory, InlineData("single", 1, true), InlineData("replicated", 2, false)]
    public async Task Whatever_breaks_nothing_that_was_promised_is_lost(string store, int seed, bool upgrades)
    {
        var report = await FaultRun.RunAsync(
            Short.Run(output) with { Store = store, Seed = seed, Drivers = 30, Riders = 15, Lasts = TimeSpan.FromSeconds(30), Upgrades = upgrades });

        output.WriteLine(report.ToString());
        Assert.Empty(report.Violations.Lines);
        // What did not happen was not tried.
        Assert.True(report.Suffered.Counts.Count() > 5);
        Assert.True(report.Record.Fixes.Count > 500);
        Assert.True(report.Store.Trips.Count > 10);
        Assert.True(report.Record.Messages.Count > 50);
    }
}
