using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>Roads closed and slowed while routes are being found.</summary>
public class MetricSwapTests
{
    private static readonly RoadGraph Town = StreetGrid.Build(
        new StreetGridPlan { Center = new GeoPoint(41.15, -8.61), WidthMeters = 2_500, HeightMeters = 2_500 });

    private static readonly RoadHierarchy Hierarchy = RoadHierarchy.Build(Town);

    [Fact]
    public async Task Every_route_found_while_metrics_change_is_one_of_the_two_metrics()
    {
        var roads = new RandomRoads(new Random(1));
        RoadMetric free = RoadMetric.FreeFlow(Town), closed = roads.Metric(Town);
        var pairs = new (RoadPosition[] From, RoadPosition[] To)[200];
        var expected = new (long Free, long Closed)[pairs.Length];
        var dijkstra = new Dijkstra(Town);
        for (int i = 0; i < pairs.Length; i++)
        {
            pairs[i] = (roads.Place(Town), roads.Place(Town));
            expected[i] = (dijkstra.FindMilliseconds(free, pairs[i].From, pairs[i].To), dijkstra.FindMilliseconds(closed, pairs[i].From, pairs[i].To));
        }

        var router = new RoadRouter(Hierarchy, free);
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var begun = new CountdownEvent(2);
        using var sawBoth = new CountdownEvent(2);
        bool isOver = false;
        // On threads of their own: the pool's may be busy with other tests for as long as all the changes take.
        Task[] searches = [Start(1), Start(7)];
        begun.Wait(cancel);
        // As long as it takes until each has found ways by both, however seldom it gets its turn.
        for (int change = 0; (change < 40 || (!sawBoth.IsSet && change < 20_000)) && !Array.Exists(searches, search => search.IsCompleted); change++)
        {
            cancel.ThrowIfCancellationRequested();
            Assert.True(router.Use(change % 2 == 0 ? closed : free));
        }

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(searches);
        Assert.True(sawBoth.IsSet);

        Task Start(int step) => Task.Factory.StartNew(() => Search(step), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        void Search(int step)
        {
            begun.Signal();
            (int Free, int Closed) answers = (0, 0);
            bool hasSignaled = false;
            for (int i = 0; !Volatile.Read(ref isOver); i++)
            {
                int pair = i * step % pairs.Length;
                long told = i % 2 == 0
                    ? router.FindMilliseconds(pairs[pair].From, pairs[pair].To)
                    : router.FindPath(pairs[pair].From, pairs[pair].To)?.Milliseconds ?? RoadMetric.Unreachable;
                Assert.True(told == expected[pair].Free || told == expected[pair].Closed, $"Pair {pair}: {told}, {expected[pair]}");
                if (expected[pair].Free != expected[pair].Closed)
                {
                    answers = told == expected[pair].Free ? (answers.Free + 1, answers.Closed) : (answers.Free, answers.Closed + 1);
                }

                if (!hasSignaled && answers is { Free: > 0, Closed: > 0 })
                {
                    hasSignaled = true;
                    sawBoth.Signal();
                }
            }
        }
    }

    [Fact]
    public void The_next_route_goes_round_a_road_that_was_closed_and_back_when_it_is_open_again()
    {
        RoadMetric free = RoadMetric.FreeFlow(Town);
        var router = new RoadRouter(Hierarchy, free);
        var roads = new RandomRoads(new Random(2));
        int detours = 0;
        for (int i = 0; i < 40; i++)
        {
            RoadPosition[] from = [roads.Position(Town)], to = [roads.Position(Town)];
            if (router.FindPath(from, to) is not { Edges.Length: > 4 } path)
            {
                continue;
            }

            int middle = path.Edges[path.Edges.Length / 2];
            Assert.True(router.Use(free.With(Town, [RoadChange.Closed(middle)])));
            RoadPath? around = router.FindPath(from, to);
            Assert.DoesNotContain(middle, around?.Edges ?? []);
            Assert.True(around is null || around.Milliseconds >= path.Milliseconds);
            detours += around is null ? 0 : 1;

            Assert.True(router.Use(free));
            Assert.Equal(path.Edges, router.FindPath(from, to)!.Edges);
        }

        Assert.True(detours > 10, $"Only {detours} detours.");
    }

    [Fact]
    public void A_metric_overtaken_by_a_newer_one_is_never_used_after_it()
    {
        var router = new RoadRouter(Hierarchy, RoadMetric.FreeFlow(Town));
        var metrics = new RoadMetric[16];
        var used = new bool[metrics.Length];
        Parallel.For(0, metrics.Length, i =>
        {
            metrics[i] = RoadMetric.FreeFlow(Town).With(Town, [RoadChange.Closed(2 * i)]);
            used[i] = router.Use(metrics[i]);
        });

        int current = Array.IndexOf(metrics, router.Current.Metric);
        Assert.True(current >= 0 && used[current], "What is in use was told to be overtaken.");
    }

    [Fact]
    public void Changes_of_an_edge_take_what_they_say()
    {
        int edge = Enumerable.Range(0, Town.EdgeCount).First(each => Town.KmhOf(each) > 20 && Town.LengthMeters(each) > 50);
        RoadMetric free = RoadMetric.FreeFlow(Town);
        Assert.Equal(RoadMetric.Closed, free.With(Town, [RoadChange.Closed(edge)])[edge]);
        Assert.Equal(4 * free[edge], free.With(Town, [RoadChange.Slowed(edge, 0.25)])[edge]);
        Assert.Equal(Math.Round(Town.LengthMeters(edge) * 360), free.With(Town, [RoadChange.AtMost(edge, 10)])[edge]);
        Assert.Equal(free[edge], free.With(Town, [RoadChange.AtMost(edge, 250)])[edge]);
        RoadMetric closed = free.With(Town, [RoadChange.Closed(edge)]);
        Assert.Equal(RoadMetric.Closed, closed.With(Town, [RoadChange.Slowed(edge, 0.5)])[edge]);
        Assert.Equal(free[edge ^ 1], closed[edge ^ 1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => RoadChange.Slowed(edge, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RoadChange.AtMost(edge, double.NaN));
    }
}
