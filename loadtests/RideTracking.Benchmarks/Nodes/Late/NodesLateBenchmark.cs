using RideTracking.Benchmarks.Fixes;

namespace RideTracking.Benchmarks.Nodes.Late;

/// <summary>How late things are seen on the node where they happen, and on another one; a fix also beside a bare gRPC relay.</summary>
internal static class NodesLateBenchmark
{
    private const int FixesPerSecondOfOne = 5;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    /// <summary>Prints the table.</summary>
    /// <param name="monaco">An extract, for closures; null leaves them out.</param>
    /// <param name="options">Those of the usage text.</param>
    public static async Task<int> RunAsync(string? monaco, Options options)
    {
        var (fixes, times, load) = (options.Count("--fixes", 300), options.Count("--times", 60), options.Count("--load", 0));
        var few = Math.Max(1, times / 4);
        var window = TimeSpan.FromMilliseconds(options.Number("--window", 40));
        Console.WriteLine(
            $"two nodes; {load} fixes a second of other drivers on the first; batches wait for {window.TotalMilliseconds} ms at the most; load average {CpuWatch.LoadAverage}");
        var table = new List<Lateness>();
        await using (var cluster = await NodeCluster.StartAsync(2, "--Fleet:ShortestFrameInterval", "00:00:00.010", "--Log:SharedFlushWindow", $"{window}"))
        {
            using var others = new Flood();
            using var ending = new CancellationTokenSource();
            var sending = SendAsync(cluster, others, load, ending.Token);
            var (relay, port) = await BareRelay.StartAsync();
            await using (relay)
            {
                using var toRelay = new NodeClient(port, cluster.Folder);
                using var city = new LateCity(cluster);
                await Task.Delay(WarmUp);
                // The first time compiles.
                await MeasureAsync(city, toRelay, 20, 8, 2, []);
                Console.WriteLine("  warm");
                await MeasureAsync(city, toRelay, fixes, times, few, table);
            }

            await ending.CancelAsync();
            await sending;
        }

        if (monaco is not null)
        {
            await ClosureSights.MeasureAsync(monaco, few, table);
        }

        Console.WriteLine(Lateness.Header);
        table.ForEach(Console.WriteLine);
        Console.WriteLine($"load average {CpuWatch.LoadAverage}");
        return 0;
    }

    private static async Task MeasureAsync(LateCity city, NodeClient relay, int fixes, int times, int few, List<Lateness> table)
    {
        var tripId = await FixSights.MeasureAsync(city, relay, fixes, TimeSpan.FromMilliseconds(20), table);
        await TripSights.EventsAsync(city, times, table);
        await TripSights.CommandsAsync(city, times, table);
        await TripSights.SharesAndIncidentsAsync(city, tripId, times, table);
        await CompanySights.EntriesAsync(city, times, table);
        await CompanySights.ZoneEventsAsync(city, times, table);
        await CompanySights.BlocksAsync(city, few, table);
        await CompanySights.QueuesAsync(city, few, table);
    }

    private static async Task SendAsync(NodeCluster cluster, Flood flood, int fixesPerSecond, CancellationToken ending)
    {
        if (fixesPerSecond == 0)
        {
            return;
        }

        var random = new Random(1);
        var cars = Enumerable.Range(0, Math.Max(1, fixesPerSecond / FixesPerSecondOfOne)).Select(i => new Car($"other-{i}", TimeSpan.FromSeconds(1), random));
        await flood.OpenAsync(cars, cluster.Nodes[0], "others", segmentBytes: 1);
        while (!ending.IsCancellationRequested)
        {
            await flood.PaceAsync(TimeSpan.FromSeconds(1d / FixesPerSecondOfOne), TimeSpan.FromSeconds(1));
        }
    }
}
