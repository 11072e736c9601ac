using System.Diagnostics;
using RideTracking.Simulation.Store;

namespace RideTracking.Simulation.Tests;

/// <summary>Cities' days with everything that goes wrong, against the real decisions and scripts.</summary>
public sealed class SeedTests(Stores stores) : IClassFixture<Stores>
{
    private const double Hours = 0.1;

    [Fact]
    public void Whatever_goes_wrong_every_promise_is_kept_on_redis()
    {
        var runs = Enumerable.Range(1, 35).Concat([51, 55]).AsParallel().WithDegreeOfParallelism(2).Select(seed => SeedRun.Of(stores.Redis, seed, Hours)).ToArray();

        Assert.Empty(Broken(runs));
        // What did not happen was not tried.
        Assert.True(runs.Sum(r => r.Checked.Fixes.Logged) > 1_000 && runs.Sum(r => r.Checked.Fixes.Forgotten) > 0);
        Assert.All(["Completed", "Cancelled", "Unfulfilled"], state => Assert.True(runs.Sum(r => r.Checked.TripsByState.GetValueOrDefault(state)) > 20, state));
    }

    [Fact]
    public async Task Whatever_goes_wrong_every_promise_is_kept_on_the_embedded_store()
    {
        await using var garnet = await OpenedStore.OpenAsync("garnet");

        Assert.Empty(Broken([.. Enumerable.Range(1, 3).Select(seed => SeedRun.Of(garnet, seed, Hours))]));
    }

    [Fact]
    public async Task A_seed_replays_exactly_also_in_another_process()
    {
        var first = SeedRun.Of(stores.Redis, 8, Hours);
        var again = SeedRun.Of(stores.Redis, 8, Hours);
        var file = Path.GetTempFileName();
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet", [typeof(SeedRun).Assembly.Location, "--seeds", "1", "--from", "8", "--hours", $"{Hours}", "--history", file])
        {
            RedirectStandardOutput = true,
        })!;
        await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var elsewhere = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        File.Delete(file);

        Assert.True(first.History.Entries.Count > 100);
        Assert.Equal(first.History.Entries.Select(e => e.Line), again.History.Entries.Select(e => e.Line));
        Assert.Equal(first.History.Digest(), again.History.Digest());
        Assert.Equal(first.History.Entries.Select(e => e.Line), elsewhere);
    }

    private static IEnumerable<string> Broken(SeedRun[] runs) =>
        runs.SelectMany(r => r.Checked.Violations.Select(v => $"seed {r.Seed}: {v}"));
}
