using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Matching;

/// <summary>
/// Real demand: rides of San Francisco's evening, served by its taxis, at several loads; by batch, and greedily in the order
/// of arrival. Small cases beside the optimum of who knows all in advance.
/// </summary>
internal static class DemandBenchmark
{
    private const int FirstHour = 17;
    private const double WarmUpHours = 0.5;

    // So long does a pick-up take that capacity counts with.
    private const double PlannedPickupSeconds = 120;

    public static int Run(string folder, Options options)
    {
        double hours = options.Number("--hours", 4), patience = options.Number("--patience", 300);
        int seeds = options.Count("--seeds", 3), candidates = options.Count("--candidates", 24);
        var city = SanFrancisco.Read(folder);
        List<WantedRide> sample = city.Rides(20_000, FirstHour, 1, new Random(0));
        double ride = sample.Average(r => RideSimulation.Seconds(r.Pickup, r.Dropoff));
        double capacity = city.Taxis.Length * 3_600 / (ride + RideSimulation.BoardingSeconds + PlannedPickupSeconds);
        Console.WriteLine($"{city.Taxis.Length} taxis, a ride takes {ride:0} s on average, capacity {capacity:N0} rides an hour");
        Console.WriteLine($"{hours} h from {FirstHour}:00 on after {WarmUpHours} h of warm-up, {seeds} seeds; riders leave after {patience:0} s without a car");

        foreach (double load in options.Number("--load", 0) is > 0 and var one ? [one] : (double[])[0.6, 0.8, 0.9, 1.1, 1.5])
        {
            Console.WriteLine();
            Console.WriteLine($"load {load:0.0}               served  ± of seeds  pick-up mean    p95   assigned mean    p95  waited mean    p95   km empty a ride");
            foreach (MatchPolicy policy in Policies())
            {
                Tell(policy, [.. Enumerable.Range(1, seeds).Select(seed =>
                {
                    List<WantedRide> rides = city.Rides(load * capacity, FirstHour, hours + WarmUpHours, new Random(seed));
                    return (RideOutcome[])[.. new RideSimulation(policy, city.Taxis, rides, patience).Run(candidates)
                        .Where(o => o.Ride.AtSeconds >= WarmUpHours * 3_600)];
                })]);
            }
        }

        if (options.Count("--small", 40) is > 0 and var cases)
        {
            SmallCases(city, cases);
        }

        return 0;
    }

    private static MatchPolicy[] Policies() =>
    [
        new("greedy, at once", GreedyMatcher.Match, new MatchCosts(), 0),
        new("nearest pair first", NearestPairs.Match, new MatchCosts(), 0),
        new("batch, at once", BatchMatcher.Match, new MatchCosts(), 0),
        new("batch, 2 s tick", BatchMatcher.Match, new MatchCosts(), 2),
        new("batch, 10 s tick", BatchMatcher.Match, new MatchCosts(), 10),
        new("batch, 30 s tick", BatchMatcher.Match, new MatchCosts(), 30),
        new("as the server does", BatchMatcher.Match, new MatchCosts(), 10, SlackShare: 0.2),
        new("… waiting weighs 0", BatchMatcher.Match, new MatchCosts { WaitingWeight = 0 }, 10, SlackShare: 0.2),
        new("… waiting weighs 1", BatchMatcher.Match, new MatchCosts { WaitingWeight = 1 }, 10, SlackShare: 0.2),
    ];

    private static void Tell(MatchPolicy policy, RideOutcome[][] bySeed)
    {
        double[] shares = [.. bySeed.Select(outcomes => outcomes.Count(o => o.AssignedAt is not null) / (double)outcomes.Length)];
        RideOutcome[] served = [.. bySeed.SelectMany(o => o).Where(o => o.AssignedAt is not null)];
        double[] pickup = [.. served.Select(o => o.PickupSeconds).Order()];
        double[] assigned = [.. served.Select(o => o.AssignedAt!.Value - o.Ride.AtSeconds).Order()];
        double[] waited = [.. served.Select(o => o.AssignedAt!.Value - o.Ride.AtSeconds + o.PickupSeconds).Order()];
        Console.WriteLine(
            $"  {policy.Name,-20} {shares.Average(),6:0.0 %} {(shares.Max() - shares.Min()) / 2,10:0.0 %} {Both(pickup)} {Both(assigned)}   {Both(waited)} {pickup.Average() * RideSimulation.SpeedMetersPerSecond / 1_000,12:0.00}");

        static string Both(double[] values) => $"{values.Average(),9:0} s {values[(int)(values.Length * 0.95)],6:0} s";
    }

    private static void SmallCases(SanFrancisco city, int cases)
    {
        const int Cars = 3, Rides = 8;
        MatchPolicy[] policies = Policies()[..7];
        var ratios = policies.Select(_ => new List<double>()).ToArray();
        for (int seed = 1; seed <= cases; seed++)
        {
            var random = new Random(seed);
            GeoPoint[] cars = [.. random.GetItems(city.Taxis, Cars)];
            WantedRide[] rides = [.. city.Rides(30, FirstHour, 3, random).Take(Rides)];
            double[] totals = [.. policies.Select(p => new RideSimulation(p with { Costs = p.Costs with { UnmatchedSeconds = 1e6 } }, cars, rides, 1e5, radiusMeters: 1e5)
                .Run(Cars).Sum(o => o.AssignedAt!.Value - o.Ride.AtSeconds + o.PickupSeconds))];
            double best = new OfflineOptimum(cars, rides).TotalWaitSeconds(totals.Min() + 1e-6);
            for (int policy = 0; policy < policies.Length; policy++)
            {
                ratios[policy].Add(totals[policy] / best);
            }
        }

        Console.WriteLine();
        Console.WriteLine($"{cases} small cases, {Cars} cars, {Rides} rides at 30 an hour: total wait over that of who knows all rides in advance");
        foreach ((int number, MatchPolicy policy) in policies.Index())
        {
            double[] sorted = [.. ratios[number].Order()];
            Console.WriteLine($"  {policy.Name,-20} median {sorted[cases / 2]:0.00}, mean {sorted.Average():0.00}, worst {sorted[^1]:0.00}");
        }
    }
}
