namespace RideTracking.Benchmarks.Nodes;

/// <summary>
/// What a trip costs the node that decides it, Redis, and nodes that listen: requested, offered, accepted, driven to its end, by as many
/// riders as drivers, with one node and with others that listen.
/// </summary>
internal static class NodesTripsBenchmark
{
    public static async Task<int> RunAsync(Options options)
    {
        var (rounds, trips, drivers, listeners) = (options.Count("--rounds", 5), options.Count("--trips", 1000), options.Count("--drivers", 8), options.Count("--listeners", 2));
        Console.WriteLine(
            $"{trips} trips in a round, {drivers} at a time, by one node alone and by one with {listeners} others that listen; {rounds} rounds; load average {CpuWatch.LoadAverage}");
        await using var alone = await NodeCluster.StartAsync(1);
        await using var several = await NodeCluster.StartAsync(1 + listeners);
        using var aloneCity = await BusyCity.OpenAsync(alone, drivers);
        using var severalCity = await BusyCity.OpenAsync(several, drivers);
        var (own, redis, listening) = ((Alone: new Rounds(), Several: new Rounds()), (Alone: new Rounds(), Several: new Rounds()), new Rounds());
        // The first rounds compile.
        for (var round = -1; round <= rounds; round++)
        {
            var one = await aloneCity.DriveAsync(trips);
            var many = await severalCity.DriveAsync(trips);
            Console.WriteLine(
                $"  {(round <= 0 ? "warm-up" : round),7}: alone: Redis {one[0]:f0}, node {one[1]:f0} us a trip; with listeners: Redis {many[0]:f0}, node {many[1]:f0}, " +
                $"listening {string.Join(" and ", many[2..].Select(c => $"{c:f0}"))} us a trip");
            if (round > 0)
            {
                redis.Alone.Add(one[0]);
                own.Alone.Add(one[1]);
                redis.Several.Add(many[0]);
                own.Several.Add(many[1]);
                Array.ForEach(many[2..], listening.Add);
            }
        }

        Console.WriteLine($"medians (smallest to largest), us of CPU for a trip of {aloneCity.VersionAtEnd} commits; load average {CpuWatch.LoadAverage}");
        Console.WriteLine($"  the node that decides: alone {own.Alone}, with listeners {own.Several}: {own.Several.Median / own.Alone.Median:f2} x");
        Console.WriteLine($"  Redis: alone {redis.Alone}, with listeners {redis.Several}: {redis.Several.Median / redis.Alone.Median:f2} x");
        Console.WriteLine($"  a listening node {listening}: {listening.Median / own.Several.Median:f2} x the one that decides");
        return 0;
    }
}
