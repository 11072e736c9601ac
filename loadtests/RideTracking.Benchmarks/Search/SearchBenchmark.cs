namespace RideTracking.Benchmarks.Search;

/// <summary>
/// Updates and searches for the nearest ten of the driver index, beside Redis GEO and the trees of NetTopologySuite, per
/// second of CPU time; and memory per driver.
/// </summary>
internal static class SearchBenchmark
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(400);

    public static async Task<int> RunAsync(Options options)
    {
        var drivers = options.Count("--drivers", 100_000);
        var rounds = options.Count("--rounds", 5);
        var withBaselines = options.Count("--baselines", 1) != 0;
        foreach (var layout in Enum.GetValues<CityLayout>())
        {
            Console.WriteLine($"{drivers:N0} drivers, {layout.ToString().ToLowerInvariant()}");
            var fleet = new Fleet(layout, drivers);
            await RunAsync(fleet, rounds, withBaselines);
            Console.WriteLine();
        }

        return 0;
    }

    private static async Task RunAsync(Fleet fleet, int rounds, bool withBaselines)
    {
        var bytes = fleet.Fill();
        var mover = new Fleet.Worker(fleet, 0, 1);
        var ours = new Dictionary<string, List<double>>();
        void Add(string name, double rate) => (ours.TryGetValue(name, out var rates) ? rates : ours[name] = []).Add(rate);
        for (var round = -1; round < rounds; round++)
        {
            // The first, for the JIT, does not count.
            if (round == 0)
            {
                ours.Clear();
            }

            Add("update", Rate.Of(Slice, mover.Update));
            Add("judge", Rate.Of(Slice, mover.JudgeAndUpdate));
            Add("2000", Rate.Of(Slice, () => mover.Nearest(2_000)));
            Add("500", Rate.Of(Slice, () => mover.Nearest(500)));
            Add("200", Rate.Of(Slice, () => mover.Nearest(200)));
            Add("mix", Rate.Of(Slice, mover.Mix));
        }

        for (var round = 0; round < rounds; round++)
        {
            Add("update 2", OnTwoThreads(fleet, worker => worker.Update()));
            Add("2000 2", OnTwoThreads(fleet, worker => worker.Nearest(2_000)));
            Add("mix 2", OnTwoThreads(fleet, worker => worker.Mix()));
        }

        var grown = fleet.Churn(10);
        double Ours(string name) => Rate.Median(ours[name]);
        Print("update, one thread", Ours("update"));
        Print("update, two threads", Ours("update 2"));
        Print("gate's verdict and update", Ours("judge"));
        Print("nearest 10 within 2 km, filtered, one thread", Ours("2000"));
        Print("nearest 10 within 2 km, filtered, two threads", Ours("2000 2"));
        Print("nearest 10 within 500 m, filtered", Ours("500"));
        Print("nearest 10 within 200 m, filtered", Ours("200"));
        Print("90 % updates, 10 % nearest, one thread", Ours("mix"));
        Print("90 % updates, 10 % nearest, two threads", Ours("mix 2"));
        Console.WriteLine($"  memory: {bytes:f1} B a driver, ids and filter fields included; after the fleet has moved ten times {grown:+0.0;-0.0} B");
        if (withBaselines)
        {
            await CompareWithRedisAsync(fleet, rounds, bytes, Ours);
            CompareWithTrees(fleet, rounds, Ours);
        }
    }

    private static double OnTwoThreads(Fleet fleet, Func<Fleet.Worker, int> batch)
    {
        var workers = new[] { new Fleet.Worker(fleet, 0, 2), new Fleet.Worker(fleet, 1, 2) };
        var started = Environment.CpuUsage.TotalTime;
        long operations = 0;
        var threads = workers.Select(worker => new Thread(() =>
        {
            while (Environment.CpuUsage.TotalTime - started < 2 * Slice)
            {
                Interlocked.Add(ref operations, batch(worker));
            }
        })).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        return operations / (Environment.CpuUsage.TotalTime - started).TotalSeconds;
    }

    private static async Task CompareWithRedisAsync(Fleet fleet, int rounds, double bytes, Func<string, double> ours)
    {
        await using var redis = await RedisGeo.StartAsync();
        var before = await redis.UsedBytesAsync();
        await redis.AddAsync(fleet.Ids, fleet.Places);
        var redisBytes = (double)(await redis.UsedBytesAsync() - before) / fleet.Ids.Length;
        var rates = new Dictionary<string, List<double>> { ["add"] = [], ["2000"] = [], ["500"] = [], ["200"] = [] };
        for (var round = 0; round < Math.Min(rounds, 3); round++)
        {
            rates["add"].Add(await redis.AddAsync(fleet.Ids, round % 2 == 0 ? fleet.Ahead : fleet.Places));
            rates["2000"].Add(await redis.SearchAsync(fleet.Centers, 2_000, Slice * 2));
            rates["500"].Add(await redis.SearchAsync(fleet.Centers, 500, Slice));
            rates["200"].Add(await redis.SearchAsync(fleet.Centers, 200, Slice));
        }

        double Theirs(string name) => Rate.Median(rates[name]);
        Console.WriteLine("  beside Redis, its server's CPU");
        Print("GEOADD, pipelined by 8 clients; gate and update", Theirs("add"), ours("judge"));
        Print("GEOSEARCH 2 km; nearest 10 within 2 km", Theirs("2000"), ours("2000"));
        Print("GEOSEARCH 500 m; nearest 10 within 2 km", Theirs("500"), ours("2000"));
        Print("GEOSEARCH 500 m; nearest 10 within 500 m", Theirs("500"), ours("500"));
        Print("GEOSEARCH 200 m; nearest 10 within 2 km", Theirs("200"), ours("2000"));
        Print("GEOSEARCH 200 m; nearest 10 within 200 m", Theirs("200"), ours("200"));
        Console.WriteLine($"    memory of the bare points: {redisBytes:f1} B a driver: {bytes / redisBytes:f2} x");
    }

    private static void CompareWithTrees(Fleet fleet, int rounds, Func<string, double> ours)
    {
        var trees = new Trees(fleet);
        var rates = new Dictionary<string, List<double>> { ["rebuild"] = [], ["packed"] = [], ["quad"] = [], ["in quad"] = [] };
        var next = 0;
        for (var round = 0; round < Math.Min(rounds, 3); round++)
        {
            rates["rebuild"].Add(Rate.Of(Slice, trees.RebuildPacked));
            rates["packed"].Add(Rate.Of(Slice, () => trees.NearestPacked(next += 10, 10)));
            rates["quad"].Add(Rate.Of(Slice, () => trees.UpdateQuad(next += 10, 10)));
            rates["in quad"].Add(Rate.Of(Slice, () => trees.NearestQuad(next += 10, 10, 500)));
        }

        double Theirs(string name) => Rate.Median(rates[name]);
        Console.WriteLine("  beside NetTopologySuite, in this process");
        Print("STRtree, rebuilt for all; update", Theirs("rebuild"), ours("update"));
        Print("STRtree, nearest 10; within 2 km", Theirs("packed"), ours("2000"));
        Print("Quadtree, remove and insert; update", Theirs("quad"), ours("update"));
        Print("Quadtree, nearest 10 within 500 m; within 500 m", Theirs("in quad"), ours("500"));
    }

    private static void Print(string what, double rate) => Console.WriteLine($"  {what,-48}{rate,14:N0}/s");

    private static void Print(string what, double theirs, double ours) =>
        Console.WriteLine($"    {what,-52}{theirs,12:N0}/s {ours,12:N0}/s {ours / theirs,9:N1} x");
}
