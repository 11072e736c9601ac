using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.V1;
using StackExchange.Redis;
using Fix = RideTracking.Engine.Ingest.Fix;

namespace RideTracking.Benchmarks.Nodes.Begin;

/// <summary>A checkpoint of the log with very many drivers: what it costs to write, how large it is, and the start of a node from it beside the start on an empty store.</summary>
internal static class CheckpointBenchmark
{
    // As many contents as a session's end is kept with.
    private const int FixesOfEach = 64;
    private const int LooksAt = 5;
    private const string Session = "0d6a6f3e-58a4-4d2c-9d8f-6f2b1c1e7";

    public static async Task<int> RunAsync(Options options)
    {
        var (drivers, rounds) = (options.Count("--drivers", 100_000), options.Count("--rounds", 3));
        Console.WriteLine($"{drivers:n0} drivers with {FixesOfEach} fixes each in the log; {rounds} rounds; load average {CpuWatch.LoadAverage}");
        await using var cluster = await NodeCluster.StartAsync(0);
        await using var none = await NodeCluster.StartAsync(0);
        await using var carrier = await CarrierNode.StartAsync(cluster);
        await carrier.HoldAsync([("held", 400_000_000, -86_000_000)]);
        Fill(carrier.Area.GetRequiredService<LoggedDrivers>(), drivers);
        var (seconds, cpu, redisCpu) = (new Rounds(), new Rounds(), new Rounds());
        for (var round = 0; round <= rounds; round++)
        {
            await carrier.DriveOnceAsync();
            var (started, own, redis) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, cluster.Redis.CpuTime);
            if (!await carrier.Area.GetRequiredService<LogCheckpoints>().WriteAsync(CancellationToken.None))
            {
                throw new InvalidOperationException("It was not written.");
            }

            // The first compiles.
            if (round > 0)
            {
                seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
                cpu.Add((Environment.CpuUsage.TotalTime - own).TotalSeconds);
                redisCpu.Add((cluster.Redis.CpuTime - redis).TotalSeconds);
            }
        }

        Console.WriteLine($"  written in {seconds} s; CPU {cpu} s of the node, {redisCpu} s of Redis; {await BytesAsync(cluster, carrier) / drivers:f0} bytes a driver");
        var (empty, from, emptyCpu, fromCpu) = (new Rounds(), new Rounds(), new Rounds(), new Rounds());
        var (emptyMegabytes, fromMegabytes) = (new Rounds(), new Rounds());
        for (var round = 1; round <= rounds; round++)
        {
            await StartAsync(none, empty, emptyCpu, emptyMegabytes, 0);
            await StartAsync(cluster, from, fromCpu, fromMegabytes, drivers);
        }

        Console.WriteLine($"  start on an empty store: {empty} s, CPU {emptyCpu} s, {emptyMegabytes} MB resident");
        Console.WriteLine($"  start from it: {from} s: {from.Median / empty.Median:f1} x; CPU {fromCpu} s: {fromCpu.Median / emptyCpu.Median:f1} x; {fromMegabytes} MB resident");
        Console.WriteLine($"  {(fromMegabytes.Median - emptyMegabytes.Median) * (1 << 20) / drivers:f0} bytes of memory a driver; load average {CpuWatch.LoadAverage}");
        return 0;
    }

    private static void Fill(LoggedDrivers logged, int drivers)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var batch = new LoggedBatch(now, []);
        for (var driver = 0; driver < drivers; driver++)
        {
            batch.Fixes.Clear();
            var connection = new LogConnection(Id(driver), SessionOf(driver), 1, FixesOfEach);
            for (var i = 1; i <= FixesOfEach; i++)
            {
                var at = now - ((FixesOfEach - i) * 4_000);
                var fix = new Fix
                {
                    Sequence = (ulong)i,
                    SensorTimeUnixMs = at,
                    FixedAtUnixMs = at,
                    LatitudeE7 = 411_000_000 + (driver % 1_000 * 1_000) + (i * 900),
                    LongitudeE7 = -86_000_000 + (driver / 1_000 * 1_000),
                    HorizontalAccuracyMeters = 5,
                    CourseDegrees = 0,
                    SpeedMetersPerSecond = 10,
                };
                batch.Fixes.Add(new LoggedFix(connection, fix, Engine.Ingest.FixVerdict.Accepted, default));
            }

            logged.Take(batch, 1);
        }
    }

    private static async Task StartAsync(NodeCluster cluster, Rounds seconds, Rounds cpu, Rounds megabytes, int drivers)
    {
        var started = Stopwatch.GetTimestamp();
        var node = await cluster.AddAsync();
        seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        cpu.Add(node.Process.CpuTime.TotalSeconds);
        megabytes.Add(node.Process.ResidentBytes / (double)(1 << 20));
        using var client = new NodeClient(node, cluster.Folder);
        for (var i = 0; i < Math.Min(LooksAt, drivers); i++)
        {
            var driver = (int)((long)i * drivers / LooksAt);
            if (await ResumeAsync(client, driver) is var after && after != FixesOfEach)
            {
                throw new InvalidOperationException($"{Id(driver)} goes on after {after}, and {FixesOfEach} are in the log.");
            }
        }

        await cluster.KillLastAsync();
    }

    private static async Task<ulong> ResumeAsync(NodeClient client, int driver)
    {
        using var stream = client.Drivers.Connect(client.Service);
        await stream.RequestStream.WriteAsync(new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = Id(driver), SessionId = SessionOf(driver) } });
        await stream.ResponseStream.MoveNext(CancellationToken.None);
        return stream.ResponseStream.Current.Welcome.ResumeAfterSequence;
    }

    private static async Task<double> BytesAsync(NodeCluster cluster, CarrierNode carrier)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(cluster.Redis.Endpoint);
        var database = connection.GetDatabase();
        var keys = carrier.Area.GetRequiredService<StoreKeys>();
        var checkpoint = Checkpoint.Parse((string)(await database.StringGetAsync(keys.LogCheckpoint))!);
        return (double)(long)await database.ExecuteAsync("MEMORY", "USAGE", keys.LogCheckpointParts(checkpoint.Name), "SAMPLES", 0);
    }

    private static string Id(int driver) => string.Create(CultureInfo.InvariantCulture, $"driver-{driver:d7}");

    private static string SessionOf(int driver) => string.Create(CultureInfo.InvariantCulture, $"{Session}{driver % 1_000:d3}");
}
