using System.Diagnostics;
using RideTracking.Benchmarks.Kills.Loads;
using RideTracking.Benchmarks.Processes;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills;

/// <summary>
/// The embedded store killed under load in every script, and its append-only file cut: whatever is found afterwards is held
/// against a Redis that was told the same.
/// </summary>
internal static class KillsBenchmark
{
    // After so many kills on the same files others are taken, so that all loads begin anew, too.
    private const int KillsOfOneFolder = 10;

    private const int CallsBeforeCuts = 60;

    public static async Task<int> RunAsync(Options options)
    {
        var (kills, cuts, seed, each) = (options.Count("--kills", 100), options.Count("--cuts", 60), options.Count("--seed", 1), options.Count("--each", 0));
        await using var redis = await RedisServer.StartAsync();
        await using var reference = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true");
        var faults = 0;
        var watch = Stopwatch.StartNew();
        for (var done = 0; done < kills; done += KillsOfOneFolder)
        {
            await reference.GetServers()[0].FlushDatabaseAsync();
            var folder = Directory.CreateTempSubdirectory("kills-");
            var run = new KillRun(() => StoreHost.StartAsync(folder.FullName), reference, seed + done);
            var some = Math.Min(KillsOfOneFolder, kills - done);
            await run.KillAsync(some);
            run.Faults.ForEach(Console.WriteLine);
            faults += run.Faults.Count;
            Console.WriteLine(
                $"{done + some} kills, {2 * (done + some)} starts: {run.Faults.Count} faults; {run.Answered} calls answered, {run.Compactions} copies begun, in doubt "
                + $"{run.InDoubt.Written} written and {run.InDoubt.NotWritten} not ({watch.Elapsed.TotalSeconds:f0} s)");
            if (run.Faults.Count == 0)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                Console.WriteLine($"The files are left in {folder}");
            }
        }

        if (cuts > 0)
        {
            faults += await CutAsync(reference, CallsBeforeCuts, file => file.Damages(new Random(seed), cuts), seed);
        }

        if (each > 0)
        {
            faults += await CutAsync(reference, each, file => file.Ends.SkipLast(1).Select(end => new Damage(DamageKind.Cut, end)), seed);
        }

        Console.WriteLine(faults == 0 ? "whole or not there, nothing acknowledged lost" : $"{faults} FAULTS");
        return faults == 0 ? 0 : 1;
    }

    private static async Task<int> CutAsync(ConnectionMultiplexer reference, int calls, Func<DamagedFile, IEnumerable<Damage>> choose, int seed)
    {
        await reference.GetServers()[0].FlushDatabaseAsync();
        var loads = StoreLoad.Some(seed);
        var trial = new StoreTrial(loads, reference, keepsEach: true);
        var folder = Directory.CreateTempSubdirectory("cuts-");
        var process = await StoreHost.StartAsync(folder.FullName);
        await using (var store = await KillRun.ConnectAsync(process))
        {
            var writer = new StoreWriter(store.GetDatabase(), isEmbedded: true, new RecordFormat());
            await Task.WhenAll(loads.Select(l => l.RunAsync(writer, calls, () => { })));
        }

        // So that it has noted how far it has got, and every damage that loses a call must be noticed.
        await Task.Delay(StoreHost.NoteInterval * 10);

        await process.KillAsync();
        var file = DamagedFile.Of(folder);
        var (faults, refused) = (0, 0);
        var damages = choose(file).ToArray();
        foreach (var damage in damages)
        {
            var (copy, wasRefused) = (file.Damaged(damage), false);
            try
            {
                process = await StoreHost.StartAsync(copy.FullName);
            }
            catch (InvalidOperationException e) when (e.Message.Contains("are damaged", StringComparison.Ordinal))
            {
                wasRefused = true;
                refused++;
                process = await StoreHost.StartAsync(copy.FullName, damaged: true);
            }

            await using (var store = await KillRun.ConnectAsync(process))
            {
                var (found, there) = await trial.FaultsOfPrefixAsync(store);
                faults += found.Count;
                Console.WriteLine(
                    $"{damage.Kind} at {damage.At}: {(wasRefused ? "refused, then started as asked to" : "started")}, {there} of {loads.Sum(l => l.Answered)} calls are there, "
                    + $"{found.Count} faults {string.Join("; ", found)}");
            }

            await process.KillAsync();
            copy.Delete(recursive: true);
        }

        Console.WriteLine($"{damages.Length} damages, {refused} of them refused at first: {faults} faults");
        folder.Delete(recursive: true);
        return faults;
    }
}
