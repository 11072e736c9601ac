using RideTracking.Engine.Dispatch.Matching;

namespace RideTracking.Engine.Tests.Dispatch.Matching;

public class MatcherTests
{
    private static readonly MatchCosts Costs = new();

    [Fact]
    public void A_batch_sends_the_second_nearest_where_that_saves_more_than_it_costs()
    {
        // d0 is 60 s from the first and 70 s from the second; d1 is 100 s and 1,000 s away.
        var snapshot = new MatchSnapshot(
            [new("d0"), new("d1")],
            [new("t0", 2, [new(0, 60), new(1, 100)]), new("t1", 1, [new(0, 70), new(1, 1_000)])]);
        Assert.Equal([new(0, 1, 100), new(1, 0, 70)], BatchMatcher.Match(snapshot, Costs).Pairs);
        Assert.Equal([new(0, 0, 60), new(1, 1, 1_000)], GreedyMatcher.Match(snapshot, Costs).Pairs);
    }

    [Fact]
    public void Each_candidate_is_explained_by_its_terms()
    {
        var snapshot = new MatchSnapshot(
            [new("d0"), new("d1", RecentRefusals: 2), new("d2"), new("d3"), new("far")],
            [
                new("t0", 100, [new(0, 60), new(1, 30), new(2, 50) { IsBackToBack = true }, new(3, 40) { DetourSeconds = 90 }, new(4, double.PositiveInfinity)]),
                new("t1", 0, [new(0, 10), new(1, 20)]),
            ]);
        var round = BatchMatcher.Match(snapshot, Costs with { WaitingWeight = 0.5 });
        Assert.Equal([new(0, 1, 30), new(1, 0, 10)], round.Pairs);
        Assert.Equal(
            [
                new("d0", 60, new CostTerms { PickupEta = 60, Waiting = -50 }, CandidateOutcome.TakenByAnother, "t1"),
                new("d1", 30, new CostTerms { PickupEta = 30, Waiting = -50, Refusals = 40 }, CandidateOutcome.Chosen, null),
                new("d2", 50, new CostTerms { PickupEta = 50, Waiting = -50, BackToBack = 30 }, CandidateOutcome.NotChosen, null),
                new("d3", 40, new CostTerms { PickupEta = 40, Waiting = -50, Detour = 90 }, CandidateOutcome.NotChosen, null),
                new("far", double.PositiveInfinity, new CostTerms { PickupEta = double.PositiveInfinity, Waiting = -50 }, CandidateOutcome.NoWay, null),
            ],
            round.Explain(0));
    }

    [Fact]
    public void Who_refuses_often_is_asked_when_he_is_nearer_by_that_much_and_no_more()
    {
        var snapshot = new MatchSnapshot([new("often", RecentRefusals: 50), new("never")], [new("t0", 0, [new(0, 99), new(1, 200)])]);
        Assert.Equal(0, Assert.Single(BatchMatcher.Match(snapshot, Costs).Pairs).Driver);
        snapshot = snapshot with { Requests = [new("t0", 0, [new(0, 101), new(1, 200)])] };
        Assert.Equal(1, Assert.Single(BatchMatcher.Match(snapshot, Costs).Pairs).Driver);
    }

    [Fact]
    public void Several_are_asked_at_once_only_when_no_other_request_wants_them_first()
    {
        var snapshot = new MatchSnapshot(
            [new("d0"), new("d1"), new("d2"), new("d3")],
            [new("t0", 2, [new(0, 10), new(1, 20), new(2, 30)]), new("t1", 1, [new(1, 15), new(2, 90)])]);
        Assert.Equal([new(0, 0, 10), new(1, 1, 15), new(0, 2, 30)], BatchMatcher.Match(snapshot, Costs, offersAtOnce: 3).Pairs);
        Assert.Equal([new(0, 0, 10), new(1, 1, 15), new(0, 2, 30)], GreedyMatcher.Match(snapshot, Costs, offersAtOnce: 3).Pairs);
    }

    [Fact]
    public void As_many_as_possible_are_served_before_any_is_served_sooner()
    {
        var snapshot = new MatchSnapshot(
            [new("d0"), new("d1")],
            [new("t0", 0, [new(0, 1), new(1, 1_700)]), new("t1", 0, [new(0, 1_700)])]);
        Assert.Equal(2, BatchMatcher.Match(snapshot, Costs).Pairs.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void At_a_queue_nobody_goes_before_one_who_waits_longer_and_could_go(bool batch)
    {
        var passedBy = 0;
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var snapshot = WithQueues(random);
            var round = batch ? BatchMatcher.Match(snapshot, Costs) : GreedyMatcher.Match(snapshot, Costs);
            var busy = round.Pairs.Select(p => p.Driver).ToHashSet();
            Assert.Equal(round.Pairs.Length, busy.Count);
            foreach (var pair in round.Pairs)
            {
                var request = snapshot.Requests[pair.Request];
                var place = request.Candidates.Single(c => c.Driver == pair.Driver).QueuePlace ?? int.MaxValue;
                foreach (var other in request.Candidates.Where(c => c.QueuePlace < place))
                {
                    Assert.True(busy.Contains(other.Driver), $"seed {seed}: {pair} went before {other}");
                    passedBy++;
                }
            }
        }

        Assert.True(passedBy > 1_000); // also those who wait go elsewhere now and then, else this would show nothing
    }

    [Fact]
    public void Nobody_starves_however_scarce_drivers_are()
    {
        // Each tick brings as many near requests as there are drivers; one that is 20 minutes from everybody came first.
        foreach (var weight in (double[])[0.2, 1])
        {
            var served = TicksUntilServed(Costs with { WaitingWeight = weight }, out var overtakenBy);
            Assert.InRange(served, 1, (int)(1_200 / (weight * 2)) + 1);
            Assert.True(overtakenBy <= 1_200 / weight, $"overtaken by one that came {overtakenBy} s later");
        }

        Assert.Equal(-1, TicksUntilServed(Costs with { WaitingWeight = 0 }, out _));
    }

    [Fact]
    public void A_request_is_overtaken_only_by_those_that_came_a_bounded_time_later()
    {
        const double LongestEta = 900;
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var costs = Costs with { WaitingWeight = 0.1 + random.NextDouble() };
            var waiting = new List<(int Id, double Since)>();
            var (next, overtakes) = (0, 0);
            for (var tick = 0; tick < 200; tick++)
            {
                var now = tick * 2.0;
                for (var i = random.Next(4); i > 0; i--)
                {
                    waiting.Add((next++, now));
                }

                // Fewer drivers than requests, near or far, each known to all.
                var drivers = 1 + random.Next(2);
                var snapshot = new MatchSnapshot(
                    [.. Enumerable.Range(0, drivers).Select(d => new FreeDriver($"d{d}", random.Next(6)))],
                    [.. waiting.Select(w => new OpenRequest($"t{w.Id}", now - w.Since, [.. Enumerable.Range(0, drivers).Select(d => new Candidate(d, LongestEta * random.NextDouble()))]))]);
                var round = BatchMatcher.Match(snapshot, costs);
                Assert.Equal(Math.Min(drivers, waiting.Count), round.Pairs.Length);
                var served = round.Pairs.Select(p => waiting[p.Request]).ToList();
                waiting.RemoveAll(served.Contains);
                foreach (var (left, ahead) in waiting.SelectMany(left => served.Select(ahead => (left, ahead))))
                {
                    // Who is left could have had that driver: at most so much later is worth less than the longest way.
                    var spread = LongestEta + costs.RefusalSeconds * costs.MaxRefusals;
                    Assert.True(ahead.Since - left.Since <= spread / costs.WaitingWeight + 1e-6, $"seed {seed}, tick {tick}");
                    overtakes += ahead.Since > left.Since ? 1 : 0;
                }
            }

            Assert.True(overtakes > 0);
        }
    }

    [Fact]
    public void The_order_of_drivers_and_requests_does_not_change_what_it_costs()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var snapshot = WithQueues(new Random(seed));
            var turned = new MatchSnapshot(
                [.. snapshot.Drivers.Reverse()],
                [.. snapshot.Requests.Reverse().Select(r => r with { Candidates = [.. r.Candidates.Select(c => c with { Driver = snapshot.Drivers.Length - 1 - c.Driver })] })]);
            Assert.Equal(CostOf(BatchMatcher.Match(snapshot, Costs)), CostOf(BatchMatcher.Match(turned, Costs)), 1e-6);
            Assert.True(CostOf(BatchMatcher.Match(snapshot, Costs)) <= CostOf(GreedyMatcher.Match(snapshot, Costs)) + 1e-6);
        }
    }

    private static double CostOf(MatchRound round) =>
        (round.Snapshot.Requests.Length - round.Pairs.Length) * round.Costs.UnmatchedSeconds
        + round.Pairs.Sum(p => round.Explain(p.Request).Single(c => c.Outcome == CandidateOutcome.Chosen).Terms.Total);

    private static int TicksUntilServed(MatchCosts costs, out double overtakenBy)
    {
        overtakenBy = 0;
        for (var tick = 1; tick < 20_000; tick++)
        {
            var snapshot = new MatchSnapshot(
                [new("d0"), new("d1")],
                [
                    new("old", tick * 2, [new(0, 1_200), new(1, 1_200)]),
                    new("a", 0, [new(0, 1), new(1, 1)]),
                    new("b", 0, [new(0, 1), new(1, 1)]),
                ]);
            if (BatchMatcher.Match(snapshot, costs).Pairs.Any(p => p.Request == 0))
            {
                return tick;
            }

            overtakenBy = tick * 2;
        }

        return -1;
    }

    // Two queues and drivers around; requests at the queues and elsewhere; some drivers cannot take some requests.
    private static MatchSnapshot WithQueues(Random random)
    {
        var drivers = 1 + random.Next(12);
        var queueOf = Enumerable.Range(0, drivers).Select(_ => random.Next(3)).ToArray();
        return new MatchSnapshot(
            [.. Enumerable.Range(0, drivers).Select(d => new FreeDriver($"d{d}", random.Next(4)))],
            [.. Enumerable.Range(0, random.Next(10)).Select(r =>
            {
                var at = random.Next(3);
                var places = 0;
                var candidates = new List<Candidate>();
                for (var d = 0; d < drivers; d++)
                {
                    if (random.Next(5) > 0)
                    {
                        var inQueue = at < 2 && queueOf[d] == at;
                        candidates.Add(new Candidate(d, random.Next(20) == 0 && !inQueue ? double.PositiveInfinity : random.Next(1_000)) { QueuePlace = inQueue ? places : null });
                    }

                    places += at < 2 && queueOf[d] == at ? 1 : 0;
                }

                return new OpenRequest($"t{r}", random.Next(300), [.. candidates]);
            })]);
    }
}
