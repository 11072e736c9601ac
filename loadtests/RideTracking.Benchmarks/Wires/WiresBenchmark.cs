using System.Diagnostics;
using System.Threading.Channels;
using RideTracking.Benchmarks.Nodes;

namespace RideTracking.Benchmarks.Wires;

/// <summary>What the same calls with the same data cost over gRPC, JSON and XML: bytes, the server's CPU and allocation, and how long they take at half load.</summary>
internal static class WiresBenchmark
{
    private const int Callers = 32;
    private const int CountedCalls = 200;

    public static async Task<int> RunAsync(Options options)
    {
        var (rounds, seconds) = (options.Count("--rounds", 3), TimeSpan.FromSeconds(options.Number("--seconds", 3)));
        await using var server = await WireProcess.StartAsync();
        Console.WriteLine($"{Callers} callers, {WireClient.TokenBytes} B of bearer token in each request that has headers; load average {CpuWatch.LoadAverage}");
        await PrintAsync("a fix is reported and acknowledged", server, wire => wire.Report, rounds, seconds);
        await PrintAsync("the ten nearest of 20,000 drivers", server, wire => wire.Search, rounds, seconds);
        return 0;
    }

    private static async Task PrintAsync(string what, WireProcess server, Func<Wire, Func<WireClient, int, Task<Call>>> open, int rounds, TimeSpan seconds)
    {
        var figures = Wire.All.ToDictionary(wire => wire, _ => new WireFigures());
        // Not counted at first: until code is compiled as well as it will be.
        for (var round = -1; round < rounds; round++)
        {
            foreach (var wire in Wire.All)
            {
                await MeasureAsync(server, open(wire), round < 0 ? new WireFigures() : figures[wire], seconds);
            }
        }

        Console.WriteLine($"\n{what}\n{"",-32}{WireFigures.Heading}");
        foreach (var (wire, figure) in figures)
        {
            Console.WriteLine($"{wire.Name,-32}{figure}");
        }
    }

    private static async Task MeasureAsync(WireProcess server, Func<WireClient, int, Task<Call>> open, WireFigures figures, TimeSpan seconds)
    {
        var traffic = new Traffic();
        await using var client = new WireClient(server, traffic);
        var calls = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => open(client, caller)));
        await SaturateAsync(calls, seconds / 2);
        await CountBytesAsync(calls[0], traffic, figures);
        var (allocated, cpu, started) = (await server.AllocatedAsync(), server.CpuTime, Stopwatch.GetTimestamp());
        var done = await SaturateAsync(calls, seconds);
        var (used, took) = (server.CpuTime - cpu, Stopwatch.GetElapsedTime(started));
        figures.CpuMicroseconds.Add(used.TotalMicroseconds / done);
        figures.AllocatedBytes.Add((double)(await server.AllocatedAsync() - allocated) / done);
        figures.CallsPerSecond.Add(done / took.TotalSeconds);
        var latencies = await PaceAsync(calls, done / took.TotalSeconds / 2, seconds);
        figures.MedianMilliseconds.Add(latencies[latencies.Count / 2]);
        figures.P99Milliseconds.Add(latencies[latencies.Count * 99 / 100]);
    }

    private static async Task CountBytesAsync(Call call, Traffic traffic, WireFigures figures)
    {
        var (up, down, bodyUp, bodyDown) = (traffic.Up, traffic.Down, 0L, 0L);
        for (var i = 0; i < CountedCalls; i++)
        {
            var (one, other) = await call();
            (bodyUp, bodyDown) = (bodyUp + one, bodyDown + other);
        }

        figures.Bytes(
            (double)bodyUp / CountedCalls, (double)(traffic.Up - up - bodyUp) / CountedCalls,
            (double)bodyDown / CountedCalls, (double)(traffic.Down - down - bodyDown) / CountedCalls);
    }

    private static async Task<long> SaturateAsync(Call[] calls, TimeSpan duration)
    {
        var started = Stopwatch.GetTimestamp();
        var done = await Task.WhenAll(calls.Select(call => Task.Run(async () =>
        {
            var count = 0L;
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                await call();
                count++;
            }

            return count;
        })));
        return done.Sum();
    }

    // Calls come when they come, whether those before are answered or not: who finds no caller free has waited since it came.
    private static async Task<List<double>> PaceAsync(Call[] calls, double perSecond, TimeSpan duration)
    {
        var (idle, latencies, running) = (Channel.CreateUnbounded<Call>(), new List<double>(), new List<Task>());
        foreach (var call in calls)
        {
            idle.Writer.TryWrite(call);
        }

        var started = Stopwatch.GetTimestamp();
        for (var next = 0; next < perSecond * duration.TotalSeconds;)
        {
            await Task.Delay(1);
            var came = Stopwatch.GetElapsedTime(started);
            for (; next < came.TotalSeconds * perSecond; next++)
            {
                running.Add(OneAsync(await idle.Reader.ReadAsync(), came));
            }
        }

        await Task.WhenAll(running);
        latencies.Sort();
        return latencies;

        async Task OneAsync(Call call, TimeSpan came)
        {
            await call();
            lock (latencies)
            {
                latencies.Add((Stopwatch.GetElapsedTime(started) - came).TotalMilliseconds);
            }

            idle.Writer.TryWrite(call);
        }
    }
}
