using System.Globalization;
using StackExchange.Redis;
using RideTracking.Faults.Processes;
using RideTracking.Faults.Stores;
using RideTracking.Faults.Told;
using RideTracking.Faults.Workload;

namespace RideTracking.Faults.Soak;

/// <summary>
/// The verb <c>soak</c>: the same town, and people who look at everything, for hours in which nothing goes wrong; what processes and store hold
/// each minute, and by feature at the beginning and at the end.
/// </summary>
internal static class SoakCommand
{
    public const string Verb = "soak";

    private static readonly TimeSpan EveryMinute = TimeSpan.FromMinutes(1);

    // What is kept for a day is kept for minutes, so that it is seen to go.
    private static readonly string[] Settings = ["--Log:Retention", "00:05:00", "--Log:SegmentLength", "00:00:30"];

    /// <param name="args">--minutes (60), --warm-up minutes (10), --nodes (2), --drivers (200), --riders (60), --seed (1).</param>
    /// <exception cref="FormatException">Something else.</exception>
    public static async Task<int> RunAsync(string[] args)
    {
        var given = args.Chunk(2).ToDictionary(a => a[0], a => a.Length == 2 ? double.Parse(a[1], CultureInfo.InvariantCulture) : throw new FormatException($"{a[0]} needs a number."));
        double Take(string name, double otherwise) => given.Remove(name, out var number) ? number : otherwise;
        var (minutes, warmUp) = ((int)Take("--minutes", 60), (int)Take("--warm-up", 10));
        var options = new RigOptions
        {
            Nodes = (int)Take("--nodes", 2),
            Drivers = (int)Take("--drivers", 200),
            Riders = (int)Take("--riders", 60),
            Seed = (int)Take("--seed", 1),
            ClockOffset = TimeSpan.Zero,
        };
        if (given.Count > 0)
        {
            throw new FormatException($"There is no option {given.Keys.First()}.");
        }

        var folder = Directory.CreateTempSubdirectory("ride-tracking-soak-").FullName;
        Console.WriteLine($"What processes write is in {folder}");
        using var store = SharedStore.Of(options, folder);
        await store.StartAsync();
        var nodes = Enumerable.Range(0, options.Nodes).Select(i =>
        {
            var links = store.NewLinks();
            return new NodeProcess($"node-{i}", folder, links, store.ConfigurationOver(links), options, TimeSpan.Zero, Settings);
        }).ToList();
        try
        {
            await Task.WhenAll(nodes.Select(n => n.StartAsync()));
            await LiveAsync(store, nodes, folder, options, minutes, warmUp);
        }
        finally
        {
            nodes.ForEach(n => n.Dispose());
        }

        return 0;
    }

    private static async Task LiveAsync(SharedStore store, List<NodeProcess> nodes, string folder, RigOptions options, int minutes, int warmUp)
    {
        var record = new Record();
        using var town = new Town(folder, [.. nodes.Select(n => n.Address)], options, record);
        await town.OpenAsync();
        using var ending = new CancellationTokenSource();
        var onlookers = new Onlookers(new AnyNode(town.Channels, options.Seed), town.ServiceToken, town.OpsToken, record, options.Seed);
        var looking = onlookers.RunAsync(ending.Token);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(store.Configuration + ",allowAdmin=true");
        using var timer = new PeriodicTimer(EveryMinute);
        SoakState? begin = null;
        for (var minute = 1; minute <= warmUp + minutes; minute++)
        {
            await timer.WaitForNextTickAsync();
            Console.WriteLine($"{minute,4} min: {await SoakState.LineAsync(nodes, connection)}; fixes {record.Fixes.Count:n0}, trips {record.Requests.Count:n0}, looks {onlookers.Times:n0}");
            if (minute == warmUp)
            {
                begin = await SoakState.ReadAsync(nodes, connection);
            }
        }

        var end = await SoakState.ReadAsync(nodes, connection);
        Console.WriteLine(end.Beside(begin ?? end));
        await ending.CancelAsync();
        await looking;
        Console.WriteLine($"refused: {string.Join(", ", record.Refusals.OrderByDescending(r => r.Value).Select(r => $"{r.Key} {r.Value}"))}");
        await town.CloseAsync(options.Settles);
        Console.WriteLine(await town.FlushAsync(options.Settles) ? "All phones have brought everything." : $"Phones still owe {town.Waiting}.");
        await town.EndAsync();
    }
}
