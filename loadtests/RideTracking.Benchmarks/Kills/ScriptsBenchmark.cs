using System.Diagnostics;
using System.Globalization;
using RideTracking.Benchmarks.Kills.Loads;
using RideTracking.Benchmarks.Processes;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills;

/// <summary>Calls a second of each kind of script, one at a time and many in flight, on the embedded store and on Redis; Redis's CPU for each.</summary>
internal static class ScriptsBenchmark
{
    public static async Task<int> RunAsync(Options options)
    {
        var (calls, rounds, inFlight) = (options.Count("--calls", 3000), options.Count("--rounds", 3), options.Count("--in-flight", 50));
        var folder = Directory.CreateTempSubdirectory("scripts-");
        var process = await StoreHost.StartAsync(folder.FullName);
        await using (var redis = await RedisServer.StartAsync())
        await using (var onRedis = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true"))
        await using (var onEmbedded = await KillRun.ConnectAsync(process))
        {
            foreach (var (kind, make) in Kinds)
            {
                foreach (var many in new[] { 1, inFlight })
                {
                    var (embedded, other, cpu) = (new List<double>(), new List<double>(), new List<double>());
                    // The first round compiles and connects.
                    for (var round = 0; round <= rounds; round++)
                    {
                        var name = $"{kind}-{many}-{round}";
                        embedded.Add(await CallsPerSecondAsync(new StoreWriter(onEmbedded.GetDatabase(), isEmbedded: true, new RecordFormat()), make, name, many, calls));
                        var before = await CpuAsync(onRedis);
                        other.Add(await CallsPerSecondAsync(new StoreWriter(onRedis.GetDatabase(), isEmbedded: false, new RecordFormat()), make, name, many, calls));
                        cpu.Add((await CpuAsync(onRedis) - before).TotalMicroseconds / calls);
                    }

                    Console.WriteLine(
                        $"{kind,-10} {many,3} in flight: embedded {Median(embedded),7:f0}/s, Redis {Median(other),7:f0}/s with {Median(cpu),6:f1} us CPU each "
                        + $"({string.Join(' ', cpu.Skip(1).Select(c => c.ToString("f1", CultureInfo.InvariantCulture)))})");
                }
            }
        }

        await process.KillAsync();
        folder.Delete(recursive: true);
        return 0;
    }

    private static (string Kind, Func<string, int, StoreLoad> Make)[] Kinds =>
    [
        ("log", (area, seed) => new LogLoad(area, seed)), ("trips", (area, seed) => new TripLoad(area, seed)),
        ("incidents", (area, seed) => new IncidentLoad(area, seed)), ("zones", (area, seed) => new ZoneLoad(area, seed)),
    ];

    private static async Task<double> CallsPerSecondAsync(StoreWriter store, Func<string, int, StoreLoad> make, string name, int many, int calls)
    {
        var loads = Enumerable.Range(0, many).Select(i => make($"{name}-{i}", i)).ToArray();
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(loads.Select(l => Task.Run(() => l.RunAsync(store, calls / many, () => { }))));
        return calls / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<TimeSpan> CpuAsync(ConnectionMultiplexer connection)
    {
        var sections = await connection.GetServers()[0].InfoAsync("cpu");
        return TimeSpan.FromSeconds(sections.SelectMany(s => s)
            .Where(entry => entry.Key is "used_cpu_user" or "used_cpu_sys")
            .Sum(entry => double.Parse(entry.Value, CultureInfo.InvariantCulture)));
    }

    private static double Median(List<double> values) => values.Skip(1).Order().ElementAt((values.Count - 1) / 2);
}
