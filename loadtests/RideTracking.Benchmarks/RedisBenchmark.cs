using System.Diagnostics;
using System.Globalization;
using RideTracking.Benchmarks.Fixes;
using RideTracking.Benchmarks.Processes;
using RideTracking.Benchmarks.Search;
using StackExchange.Redis;

namespace RideTracking.Benchmarks;

/// <summary>
/// Redis CPU per fix: the server's append (log, last fix of each driver, everything) in batches of 300 fixes of as many
/// drivers out of 3,000, against GEOADD, HSET, EXPIRE and PUBLISH for each fix, pipelined.
/// </summary>
internal static class RedisBenchmark
{
    // More than the 512 up to which Redis keeps a hash as one list and searches it from the front.
    private const int Drivers = 3000;
    private const int BatchFixes = 300;

    public static async Task<int> RunAsync(Options options)
    {
        var cycles = options.Count("--cycles", 50);
        var rounds = options.Count("--rounds", 3);
        await using var redis = await RedisServer.StartAsync();
        await using var server = await DriverServer.StartRealAsync(redis, "--Log:MaxBatchFixes", $"{BatchFixes}");
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true");
        using var flood = new Flood();
        var random = new Random(1);
        var cars = Enumerable.Range(0, Drivers).Select(i => new Car($"driver-{i}", TimeSpan.FromSeconds(1), random)).ToArray();
        await flood.OpenAsync(cars, server, "session-1", segmentBytes: 1);
        await flood.ConfirmAsync();

        var appends = new List<double>();
        var commands = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var idle = await CpuPerSecondOfRestAsync(connection);
            var batchesBefore = await BatchesAsync(connection);
            appends.Add(await CpuPerFixAsync(connection, cycles, idle, _ => flood.ConfirmAsync()));
            var fixesInBatch = (double)cycles * Drivers / (await BatchesAsync(connection) - batchesBefore);
            commands.Add(await CpuPerFixAsync(connection, cycles, idle, cycle => PlainCommands.WriteAsync(connection.GetDatabase(), Drivers, cycle)));
            Console.WriteLine(
                $"  append {appends[^1]:f2} us CPU per fix ({fixesInBatch:f0} fixes a batch), commands for each fix {commands[^1]:f2} us; " +
                $"at rest {idle.TotalMilliseconds:f1} ms a second, taken off both");
        }

        double append = Rate.Median(appends), each = Rate.Median(commands);
        Console.WriteLine($"median Redis CPU per fix: commands for each fix {each:f2} us, append {append:f2} us: {append / each:f2} x");
        return 0;
    }

    private static async Task<double> CpuPerFixAsync(ConnectionMultiplexer connection, int cycles, TimeSpan idlePerSecond, Func<int, Task> writeAll)
    {
        var started = Stopwatch.GetTimestamp();
        var before = await CpuAsync(connection);
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            await writeAll(cycle);
        }

        var cpu = await CpuAsync(connection) - before;
        var rest = idlePerSecond * Stopwatch.GetElapsedTime(started).TotalSeconds;
        return (cpu - rest).TotalMicroseconds / ((double)cycles * Drivers);
    }

    private static async Task<TimeSpan> CpuPerSecondOfRestAsync(ConnectionMultiplexer connection)
    {
        const int seconds = 2;
        var before = await CpuAsync(connection);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        return (await CpuAsync(connection) - before) / seconds;
    }

    private static async Task<long> BatchesAsync(ConnectionMultiplexer connection)
    {
        var server = connection.GetServers()[0];
        await foreach (var key in server.KeysAsync(pattern: "*:log"))
        {
            return (long)await connection.GetDatabase().HashGetAsync(key, "number");
        }

        throw new InvalidOperationException("There is no log in the store.");
    }

    private static async Task<TimeSpan> CpuAsync(ConnectionMultiplexer connection)
    {
        var sections = await connection.GetServers()[0].InfoAsync("cpu");
        return TimeSpan.FromSeconds(sections.SelectMany(s => s)
            .Where(entry => entry.Key is "used_cpu_user" or "used_cpu_sys")
            .Sum(entry => double.Parse(entry.Value, CultureInfo.InvariantCulture)));
    }
}
