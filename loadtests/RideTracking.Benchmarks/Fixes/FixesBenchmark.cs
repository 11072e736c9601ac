using System.Diagnostics;
using RideTracking.Benchmarks.Processes;

namespace RideTracking.Benchmarks.Fixes;

/// <summary>
/// Server CPU per fix: the whole server (access, gate, index, log on Redis, acknowledgement, metrics) against an empty
/// handler, in turn, with the same client.
/// </summary>
internal static class FixesBenchmark
{
    private sealed record Turn(double CpuMicrosecondsPerFix, double FixesPerSecond, double KilobytesPerStream);

    public static async Task<int> RunAsync(Options options)
    {
        var connections = options.Count("--connections", 500);
        var interval = TimeSpan.FromSeconds(options.Number("--interval", 0));
        var paced = interval > TimeSpan.Zero;
        var rounds = options.Count("--rounds", 3);
        var seconds = TimeSpan.FromSeconds(options.Number("--seconds", paced ? 20 : 8));
        // Paced, the lazy acknowledgements only come after 20 s: the measured time must be one that they are part of.
        var warmUp = TimeSpan.FromSeconds(options.Number("--warm-up", paced ? 22 : 4));
        var segmentBytes = options.Count("--segment", 1);
        Console.WriteLine(
            $"{connections} connections, {(paced ? $"one fix in {interval.TotalSeconds} s each" : $"saturated, segments of {segmentBytes} B")}, " +
            $"one fix a message; {rounds} rounds of {seconds.TotalSeconds} s after {warmUp.TotalSeconds} s; {Environment.ProcessorCount} cores shared with the client");

        await using var redis = await RedisServer.StartAsync();
        await using var real = await DriverServer.StartRealAsync(redis);
        await using var bare = await DriverServer.StartBareAsync(real.Token);
        var random = new Random(1);
        var step = paced ? interval : TimeSpan.FromSeconds(1);
        var cars = Enumerable.Range(0, connections).Select(i => new Car($"driver-{i}", step, random)).ToArray();
        var turns = new Dictionary<DriverServer, List<Turn>> { [bare] = [], [real] = [] };
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var server in new[] { bare, real })
            {
                var turn = await TurnAsync(server, cars, $"round-{round}", interval, warmUp, seconds, segmentBytes);
                turns[server].Add(turn);
            }
        }

        double ofBare = Median(turns[bare], t => t.CpuMicrosecondsPerFix), ofReal = Median(turns[real], t => t.CpuMicrosecondsPerFix);
        Console.WriteLine($"median CPU per fix: empty handler {ofBare:f2} us, whole server {ofReal:f2} us: {ofReal / ofBare:f2} x");
        Console.WriteLine(
            $"resident memory per stream, first round: empty handler {turns[bare][0].KilobytesPerStream:f1} KB, " +
            $"whole server {turns[real][0].KilobytesPerStream:f1} KB: {turns[real][0].KilobytesPerStream / turns[bare][0].KilobytesPerStream:f2} x");
        return 0;
    }

    private static async Task<Turn> TurnAsync(
        DriverServer server, Car[] cars, string session, TimeSpan interval, TimeSpan warmUp, TimeSpan seconds, int segmentBytes)
    {
        using var flood = new Flood();
        var residentBefore = server.Process.ResidentBytes;
        await flood.OpenAsync(cars, server, session, segmentBytes);
        await SendAsync(warmUp);
        await flood.ConfirmAsync();
        var resident = (server.Process.ResidentBytes - residentBefore) / 1024d / cars.Length;

        var (sentBefore, cpuBefore, started) = (flood.Sent, server.Process.CpuTime, Stopwatch.GetTimestamp());
        await SendAsync(seconds);
        if (interval == TimeSpan.Zero)
        {
            await flood.ConfirmAsync();
        }

        var (sent, cpu, elapsed) = (flood.Sent - sentBefore, server.Process.CpuTime - cpuBefore, Stopwatch.GetElapsedTime(started));
        await flood.ConfirmAsync();
        var turn = new Turn(cpu.TotalMicroseconds / sent, sent / elapsed.TotalSeconds, resident);
        Console.WriteLine(
            $"  {server.Name,-13} {turn.CpuMicrosecondsPerFix,6:f2} us CPU per fix ({1e6 / turn.CpuMicrosecondsPerFix:n0} per CPU second); " +
            $"{sent:n0} fixes at {turn.FixesPerSecond:n0}/s; of all {flood.Sent:n0} acknowledged, " +
            $"{flood.Rejected:n0} rejected, {flood.HistoryOnly:n0} history only");
        if (flood.Rejected + flood.HistoryOnly > 0)
        {
            throw new InvalidOperationException("The gate did not accept everything: this would measure something else.");
        }

        return turn;

        Task SendAsync(TimeSpan duration) => interval == TimeSpan.Zero ? flood.SaturateAsync(duration) : flood.PaceAsync(interval, duration);
    }

    private static double Median(List<Turn> turns, Func<Turn, double> of) => turns.Select(of).Order().ElementAt(turns.Count / 2);
}
