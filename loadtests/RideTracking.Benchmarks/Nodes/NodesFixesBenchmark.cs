using System.Globalization;
using RideTracking.Benchmarks.Fixes;
using RideTracking.Benchmarks.Processes;
using RideTracking.V1;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>
/// What a fix costs where several nodes share a Redis: Redis beside four plain commands for each fix, the node that takes it beside the
/// same alone, a node that listens beside the one that takes it.
/// </summary>
/// <remarks>
/// Saturated, where hundreds of fixes wait at each stream, and spread, where each driver sends one fix after the other has been
/// acknowledged, so that a batch has as many drivers as fixes.
/// </remarks>
internal static class NodesFixesBenchmark
{
    // More than the 512 up to which Redis keeps a hash as one list and searches it from the front.
    private const int SpreadDrivers = 3000;
    private const int SaturatedDrivers = 500;
    private const int Compared = 20;

    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(Options options)
    {
        var (rounds, cycles, listeners, batch) = (options.Count("--rounds", 5), options.Count("--cycles", 40), options.Count("--listeners", 2), options.Count("--batch", 300));
        var seconds = TimeSpan.FromSeconds(options.Number("--seconds", 6));
        Console.WriteLine(
            $"one node alone, and one with {listeners} others that listen; batches of at most {batch} fixes; spread: {cycles} fixes of each of {SpreadDrivers:n0} drivers; " +
            $"saturated: {SaturatedDrivers} drivers for {seconds.TotalSeconds} s; {rounds} rounds; {Environment.ProcessorCount} cores, load average {CpuWatch.LoadAverage}");
        await using var alone = await NodeCluster.StartAsync(1, "--Log:MaxBatchFixes", $"{batch}");
        await using var several = await NodeCluster.StartAsync(1 + listeners, "--Log:MaxBatchFixes", $"{batch}");
        await using var plain = await RedisServer.StartAsync();
        await using var commands = await ConnectionMultiplexer.ConnectAsync(plain.Endpoint);
        var (ofAlone, ofSeveral, ofPlain) = (alone.Watch(), several.Watch(), new CpuWatch(() => plain.CpuTime));
        var plainly = new Rounds();
        var spread = (Alone: new Turns(), Several: new Turns());
        var saturated = (Alone: new Turns(), Several: new Turns());
        Car[] few = Cars(SaturatedDrivers), many = Cars(SpreadDrivers), fewOfSeveral = Cars(SaturatedDrivers), manyOfSeveral = Cars(SpreadDrivers);
        // The first round compiles.
        for (var round = 0; round <= rounds; round++)
        {
            var each = await PlainAsync(ofPlain, commands, cycles);
            var turns = new[]
            {
                (spread.Alone, await TurnAsync((alone, ofAlone), many, round, SpreadAsync)), (spread.Several, await TurnAsync((several, ofSeveral), manyOfSeveral, round, SpreadAsync)),
                (saturated.Alone, await TurnAsync((alone, ofAlone), few, round, SaturateAsync)), (saturated.Several, await TurnAsync((several, ofSeveral), fewOfSeveral, round, SaturateAsync)),
            };
            Console.WriteLine(
                $"  {(round == 0 ? "warm-up" : round),7}: plain commands {each:f2} us of Redis; " + string.Join("; ", turns.Select((t, i) => $"{Names[i]}: {Describe(t.Item2)}")));
            if (round > 0)
            {
                plainly.Add(each);
                Array.ForEach(turns, t => t.Item1.Add(t.Item2));
            }
        }

        Console.WriteLine($"medians (smallest to largest), us of CPU per fix; load average {CpuWatch.LoadAverage}");
        Console.WriteLine($"  Redis, plain commands: {plainly}");
        Tell("spread", spread.Alone, spread.Several, plainly);
        Tell("saturated", saturated.Alone, saturated.Several, plainly);
        return 0;

        Task<long> SpreadAsync(Flood flood) => CycleAsync(flood, cycles);

        async Task<long> SaturateAsync(Flood flood)
        {
            var before = flood.Sent;
            await flood.SaturateAsync(seconds);
            await flood.ConfirmAsync();
            return flood.Sent - before;
        }
    }

    private static string[] Names => ["spread alone", "spread several", "saturated alone", "saturated several"];

    private static void Tell(string name, Turns alone, Turns several, Rounds plainly)
    {
        Console.WriteLine(
            $"  {name}: Redis with one node {alone.Redis}, with listeners {several.Redis}: {several.Redis.Median / plainly.Median:f3} x plain commands, {several.Redis.Median / alone.Redis.Median:f2} x one node's");
        Console.WriteLine(
            $"  {name}: the node that takes them alone {alone.Own}, with listeners {several.Own}: {several.Own.Median / alone.Own.Median:f2} x; " +
            $"a listening node {several.Listening}: {several.Listening.Median / several.Own.Median:f2} x the one that takes them");
    }

    private static string Describe(double[] cpu) => $"Redis {cpu[0]:f2}, own {cpu[1]:f2}" + (cpu.Length > 2 ? $", listening {string.Join(" and ", cpu[2..].Select(c => c.ToString("f2", CultureInfo.InvariantCulture)))}" : "");

    private static Car[] Cars(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(i => new Car($"driver-{count}-{i}", TimeSpan.FromSeconds(1), random))];
    }

    private static async Task<double> PlainAsync(CpuWatch watch, ConnectionMultiplexer commands, int cycles)
    {
        await watch.RestAsync();
        return (await watch.MeasureAsync(async () =>
        {
            for (var cycle = 0; cycle < cycles; cycle++)
            {
                await PlainCommands.WriteAsync(commands.GetDatabase(), SpreadDrivers, cycle);
            }

            return (long)cycles * SpreadDrivers;
        }))[0];
    }

    private static async Task<double[]> TurnAsync((NodeCluster Cluster, CpuWatch Watch) nodes, Car[] cars, int round, Func<Flood, Task<long>> send)
    {
        var (cluster, watch) = nodes;
        using var flood = new Flood();
        await flood.OpenAsync(cars, cluster.Nodes[0], $"round-{round}", segmentBytes: 1);
        await flood.ConfirmAsync();
        await watch.RestAsync();
        var cpu = await watch.MeasureAsync(async () =>
        {
            var sent = await send(flood);
            // The others hear a moment later.
            await Task.Delay(Moment);
            return sent;
        });
        if (flood.Rejected + flood.HistoryOnly > 0)
        {
            throw new InvalidOperationException("The gate did not accept everything: this would measure something else.");
        }

        await CompareAsync(cluster, cars);
        return cpu;
    }

    private static async Task<long> CycleAsync(Flood flood, int cycles)
    {
        var before = flood.Sent;
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            await flood.ConfirmAsync();
        }

        return flood.Sent - before;
    }

    // A node that had not taken in everything by now was measured as cheaper than it is.
    private static async Task CompareAsync(NodeCluster cluster, Car[] cars)
    {
        var clients = cluster.Nodes.Select(n => new NodeClient(n, cluster.Folder)).ToArray();
        foreach (var car in cars.Where((_, i) => i % (cars.Length / Compared) == 0))
        {
            var here = await PlaceAsync(clients[0], car);
            foreach (var client in clients.Skip(1))
            {
                if (await PlaceAsync(client, car) is var there && there.FixedAt != here.FixedAt)
                {
                    throw new InvalidOperationException($"{car.DriverId} is of {here.FixedAt} on its own node, and of {there.FixedAt} on one that listens.");
                }
            }
        }

        Array.ForEach(clients, client => client.Dispose());
    }

    private static async Task<GetFleetDriverResponse> PlaceAsync(NodeClient client, Car car) => await client.Fleet.GetFleetDriverAsync(
        new GetFleetDriverRequest { DriverId = car.DriverId }, client.Ops);

    /// <summary>Each round's CPU time per fix.</summary>
    private sealed class Turns
    {
        public Rounds Redis { get; } = new();

        public Rounds Own { get; } = new();

        public Rounds Listening { get; } = new();

        public void Add(double[] cpu)
        {
            Redis.Add(cpu[0]);
            Own.Add(cpu[1]);
            foreach (var listening in cpu.Skip(2))
            {
                Listening.Add(listening);
            }
        }
    }
}
