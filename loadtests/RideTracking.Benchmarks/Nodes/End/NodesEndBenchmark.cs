using System.Diagnostics;
using RideTracking.Benchmarks.Nodes.Begin;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.End;

/// <summary>
/// A node with very many drivers is killed, or drains: how long until all are back on the others, what that costs these and Redis, how late others'
/// fixes are meanwhile, and whether anything was lost, sent again though it was acknowledged, or touched.
/// </summary>
internal static class NodesEndBenchmark
{
    private const int ProbeLatitudeE7 = 420_000_000;
    private const int ProbeLongitudeE7 = -86_000_000;
    private const int RequestsAtOnce = 16;

    // Far from all of them.
    private static readonly (double, double) Pickup = (45, -8.6);
    private static readonly (double, double) Dropoff = (45.01, -8.6);

    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly double[] Shares = [0.5, 0.9, 0.99, 1];

    public static async Task<int> RunAsync(Options options)
    {
        var (drivers, trips, isKill) = (options.Count("--drivers", 10_000), options.Count("--trips", 500), options.Count("--drain", 0) == 0);
        var interval = TimeSpan.FromSeconds(options.Number("--interval", 10));
        Console.WriteLine(
            $"{drivers:n0} drivers on the first of three nodes, each with a fix in {interval.TotalSeconds} s, {trips:n0} with a trip; then that node {(isKill ? "is killed" : "drains")}; " +
            $"{Environment.ProcessorCount} cores for nodes, Redis and all apps together; load average {CpuWatch.LoadAverage}");
        await using var cluster = await NodeCluster.StartAsync(3, "--Fleet:ShortestFrameInterval", "00:00:00.010");
        using var other = new NodeClient(cluster.Nodes[1], cluster.Folder);
        await RegisterAsync(other, drivers);
        await using var probe = await LagProbe.StartAsync(other, "probe", (ProbeLatitudeE7, ProbeLongitudeE7));
        await using var fleet = new EndingFleet();
        var started = Stopwatch.GetTimestamp();
        await fleet.OpenAsync(cluster, drivers, interval);
        Console.WriteLine($"  {drivers:n0} streams opened in {Stopwatch.GetElapsedTime(started).TotalSeconds:f1} s, 64 at a time; {fleet.RefusedForLater} told to come later");
        await fleet.BeAvailableAsync(trips);
        await AssignAsync(other, trips);
        var before = await NodePresent.TripsAsync(other);
        await Task.Delay(Calm);
        probe.Take();
        await Task.Delay(Calm);
        Console.WriteLine($"  others' fixes before: {probe.Take()}");

        var watch = cluster.Nodes.Skip(1).Select(n => n.Process.CpuTime).ToArray();
        var (redis, refused, lost) = (cluster.Redis.CpuTime, fleet.RefusedForLater, fleet.OtherLosses);
        started = Stopwatch.GetTimestamp();
        if (isKill)
        {
            await cluster.Nodes[0].Process.KillAsync();
        }
        else
        {
            await cluster.Nodes[0].Process.StopAsync();
            Console.WriteLine($"  the node was gone {Stopwatch.GetElapsedTime(started).TotalSeconds:f1} s after SIGTERM");
        }

        await UntilAsync(() => fleet.WelcomedAt.All(at => at > started) && fleet.Connected == drivers);
        var back = fleet.WelcomedAt.Select(at => Stopwatch.GetElapsedTime(started, at).TotalSeconds).Order().ToArray();
        Console.WriteLine($"  back on the others, s: {string.Join(", ", Shares.Select(s => $"{s:p0} after {back[(int)Math.Ceiling(s * back.Length) - 1]:f1}"))}");
        Console.WriteLine($"  streams lost or not got {fleet.OtherLosses - lost:n0} times; told to come later {fleet.RefusedForLater - refused:n0} times");
        Console.WriteLine(
            $"  CPU s meanwhile: Redis {(cluster.Redis.CpuTime - redis).TotalSeconds:f1}, the others " +
            string.Join(" and ", cluster.Nodes.Skip(1).Select((n, i) => $"{(n.Process.CpuTime - watch[i]).TotalSeconds:f1}")));
        Console.WriteLine($"  others' fixes meanwhile: {probe.Take()}");
        await Task.Delay(Calm);
        Console.WriteLine($"  others' fixes after: {probe.Take()}");
        await fleet.SettleAsync(Patience);
        var after = await NodePresent.TripsAsync(other);
        var touched = before.Count(t => !after.TryGetValue(t.Key, out var now) || now != t.Value);
        var spread = cluster.Nodes.Skip(1).Select(n => n.MetricAsync("ridetracking_streams_open", "stream=\"driver\""));
        Console.WriteLine($"  streams on the others: {string.Join(" and ", await Task.WhenAll(spread))}");
        Console.WriteLine(
            $"  fixes: {fleet.Reported:n0} reported, {fleet.Acknowledged:n0} acknowledged, {fleet.Rejected} with a verdict, {fleet.Resent:n0} sent again, of them {fleet.ResentThoughAcknowledged:n0} that had been acknowledged; " +
            $"trips: {before.Count:n0} open, {touched:n0} of them touched");
        return fleet.Reported == fleet.Acknowledged && fleet.ResentThoughAcknowledged == 0 && touched == 0 ? 0 : 1;
    }

    private static async Task RegisterAsync(NodeClient node, int drivers) =>
        await Parallel.ForEachAsync(Enumerable.Range(0, drivers), new ParallelOptions { MaxDegreeOfParallelism = RequestsAtOnce }, async (i, ct) =>
            await node.Directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = $"end-{i}", DisplayName = $"{i}", Rating = 5 } }, node.Service, cancellationToken: ct));

    private static Task AssignAsync(NodeClient node, int trips) =>
        Parallel.ForEachAsync(Enumerable.Range(0, trips), new ParallelOptions { MaxDegreeOfParallelism = RequestsAtOnce }, async (i, _) => await node.GiveTripAsync($"end-{i}", $"end-{i}", Pickup, Dropoff));

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (var started = Stopwatch.GetTimestamp(); !isSo(); await Task.Delay(Look))
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException("They have not come back.");
            }
        }
    }
}
