using System.Diagnostics;
using RideTracking.Benchmarks.Search;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Tests.Dispatch.Matching;

namespace RideTracking.Benchmarks.Matching;

/// <summary>
/// A round of matching in a clustered city: time and total pick-up time of the batch, beside greedy in order of arrival and the
/// optimum over all pairs, whose certificate is computed apart from the solver.
/// </summary>
internal static class MatchingBenchmark
{
    private static readonly StraightLineRouter Router = new(7);

    // Nothing but the time to the pick-up, so that the sums can be compared.
    private static readonly MatchCosts Costs = new() { WaitingWeight = 0 };

    public static int Run(Options options)
    {
        int requests = options.Count("--requests", 1_000), rounds = options.Count("--rounds", 5);
        foreach (int drivers in (ReadOnlySpan<int>)[1_200, 5_000])
        {
            Compare(requests, options.Count("--drivers", drivers), rounds);
        }

        return 0;
    }

    private static void Compare(int requests, int drivers, int rounds)
    {
        var city = new City(CityLayout.Clustered, new Random(5));
        GeoPoint[] pickups = [.. Enumerable.Range(0, requests).Select(_ => city.Place())];
        GeoPoint[] cars = [.. Enumerable.Range(0, drivers).Select(_ => city.Place())];
        var seconds = new double[requests * drivers];
        Router.Times([.. pickups.Select(RouteStart.Stop)], cars, seconds);
        Console.WriteLine($"{requests:N0} requests, {drivers:N0} drivers, medians of {rounds} rounds");
        (Assignment optimum, double dense) = Timed(rounds, () => Assignment.OfLeastCost(Dense(seconds, requests, drivers)));
        string certificate = OptimalityCertificate.WhyNot(Dense(seconds, requests, drivers), optimum) ?? "holds";
        Console.WriteLine("                                        served   total pick-up     of optimum   of greedy        time");
        (MatchRound greedy, double greedyTime) = Timed(rounds, () => GreedyMatcher.Match(Snapshot(seconds, requests, drivers, drivers), Costs));
        double best = optimum.TotalCost, baseline = TotalOf(greedy);
        Tell("greedy, all drivers", greedy.Pairs.Length, baseline, greedyTime);
        foreach (int candidates in (ReadOnlySpan<int>)[24, 50, 100, 200])
        {
            MatchSnapshot snapshot = Snapshot(seconds, requests, drivers, candidates);
            (MatchRound batch, double time) = Timed(rounds, () => BatchMatcher.Match(snapshot, Costs));
            Tell($"batch, the {candidates} nearest", batch.Pairs.Length, TotalOf(batch), time);
        }

        Tell("optimum, all pairs", requests - optimum.ColumnOf.Count(c => c == Assignment.None), best, dense);
        Console.WriteLine($"  certificate of the optimum: {certificate}");
        Console.WriteLine();

        void Tell(string what, int served, double total, double milliseconds) => Console.WriteLine(
            $"  {what,-36} {served,7:N0} {total,13:N0} s {total / best,13:0.000} {total / baseline,11:0.000} {milliseconds,8:N0} ms");
    }

    private static double TotalOf(MatchRound round) =>
        round.Pairs.Sum(p => p.EtaSeconds) + (round.Snapshot.Requests.Length - round.Pairs.Length) * Costs.UnmatchedSeconds;

    private static AssignmentCosts Dense(double[] seconds, int requests, int drivers)
    {
        var costs = new AssignmentCosts(drivers);
        for (int request = 0; request < requests; request++)
        {
            costs.AddRow(Costs.UnmatchedSeconds);
            for (int driver = 0; driver < drivers; driver++)
            {
                costs.Add(driver, seconds[request * drivers + driver]);
            }
        }

        return costs;
    }

    private static MatchSnapshot Snapshot(double[] seconds, int requests, int drivers, int candidates) => new(
        [.. Enumerable.Range(0, drivers).Select(driver => new FreeDriver($"d{driver}"))],
        [.. Enumerable.Range(0, requests).Select(request => new OpenRequest($"t{request}", 0, [.. Enumerable.Range(0, drivers)
            .Select(driver => new Candidate(driver, seconds[request * drivers + driver]))
            .OrderBy(c => c.EtaSeconds)
            .Take(candidates)]))]);

    private static (T Made, double Milliseconds) Timed<T>(int rounds, Func<T> make)
    {
        var milliseconds = new List<double>();
        T made = make(); // once for the compiler's sake
        for (int round = 0; round < rounds; round++)
        {
            long before = Stopwatch.GetTimestamp();
            made = make();
            milliseconds.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }

        return (made, Rate.Median(milliseconds));
    }
}
