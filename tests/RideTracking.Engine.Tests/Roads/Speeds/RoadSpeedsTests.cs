using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Engine.Roads.Speeds;
using RideTracking.Engine.Tests.Roads.Matching;

namespace RideTracking.Engine.Tests.Roads.Speeds;

public sealed class RoadSpeedsTests(ITestOutputHelper output)
{
    private static readonly RoadGraph City = StreetGrid.Build(new StreetGridPlan { Center = Places.Porto, WidthMeters = 3_000, HeightMeters = 3_000 });
    private static readonly MapMatcher Shared = new(new RoadIndex(City));
    private static readonly RoadMetric FreeFlow = RoadMetric.FreeFlow(City);
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeMilliseconds(KnownDrive.Start);

    private readonly MapMatcher _matcher = Shared.ForAnotherThread();
    private readonly int _hour = WeekHours.Of(Start);

    private static RoadSpeeds None => new(City, TimeZoneInfo.Utc);

    [Fact]
    public void With_nothing_seen_roads_take_what_they_do_at_free_flow() =>
        Assert.Equal(FreeFlow.EdgeMilliseconds.ToArray(), None.MetricOf(_hour, Start).EdgeMilliseconds.ToArray());

    [Fact]
    public void A_slow_street_is_learned_and_others_stay_as_they_are()
    {
        // A street on which everybody takes three times as long, among others that flow freely.
        string slow = Enumerable.Range(0, City.SegmentCount).GroupBy(City.NameOf).Where(group => group.Key.Length > 0).MaxBy(group => group.Count())!.Key;
        int[] slowEdges = [.. Enumerable.Range(0, City.EdgeCount).Where(edge => City.KmhOf(edge) > 0 && City.NameOf(edge >> 1) == slow)];
        RoadSpeeds speeds = None;
        var seen = new Dictionary<int, int>();
        RoadMetric expected = FreeFlow;
        for (int seed = 0; seed < 150; seed++)
        {
            KnownDrive drive = new KnownDrive(City, seed) { SecondsBetweenFixes = 5, Slowness = edge => slowEdges.Contains(edge) ? 3 : 1 }
                .FromAnywhere().Wander(5_000);
            speeds.Learn(drive.Match(_matcher), drive.Fixes.ToArray(), expected);
            foreach ((int edge, _, _) in drive.Stretches)
            {
                seen[edge] = seen.GetValueOrDefault(edge) + 1;
            }

            expected = seed % 30 == 29 ? speeds.MetricOf(_hour, Start) : expected;
        }

        RoadMetric learned = speeds.MetricOf(_hour, Start);
        double[] slowFactors = [.. slowEdges.Where(edge => seen.GetValueOrDefault(edge) >= 8).Select(edge => learned[edge] / (double)FreeFlow[edge]).Order()];
        double[] freeFactors = [.. seen.Where(edge => edge.Value >= 8 && !slowEdges.Contains(edge.Key)).Select(edge => learned[edge.Key] / (double)FreeFlow[edge.Key]).Order()];
        output.WriteLine($"{slowFactors.Length} slow roads: median {slowFactors[slowFactors.Length / 2]:0.00}; {freeFactors.Length} others: median {freeFactors[freeFactors.Length / 2]:0.00}");
        Assert.InRange(slowFactors[slowFactors.Length / 2], 1.9, 3.2);
        Assert.InRange(freeFactors[freeFactors.Length / 2], 0.8, 1.15);
    }

    [Fact]
    public void A_road_that_nobody_drove_is_like_others_of_its_class_and_an_hour_that_nobody_drove_is_like_the_others()
    {
        RoadSpeeds speeds = None;
        var driven = new HashSet<int>();
        for (int seed = 0; seed < 30; seed++)
        {
            KnownDrive drive = new KnownDrive(City, seed) { Slowness = _ => 2 }.FromAnywhere().Wander(4_000);
            speeds.Learn(drive.Match(_matcher), drive.Fixes.ToArray(), FreeFlow);
            driven.UnionWith(drive.Stretches.Select(each => each.Edge));
        }

        int never = Enumerable.Range(0, City.EdgeCount).First(edge =>
            City.KmhOf(edge) > 0 && !driven.Contains(edge) && driven.Any(each => City.Segment(each >> 1).Class == City.Segment(edge >> 1).Class));
        foreach (int hour in new[] { _hour, (_hour + 12) % 24, 30, 60 })
        {
            Assert.InRange(speeds.MetricOf(hour, Start)[never] / (double)FreeFlow[never], 1.5, 2.2);
        }
    }

    [Fact]
    public void An_hour_of_jams_does_not_slow_the_night()
    {
        RoadSpeeds speeds = None;
        for (int seed = 0; seed < 40; seed++)
        {
            foreach ((double slowness, int hours) in new[] { (3.0, 0), (1.0, 12) })
            {
                KnownDrive drive = new KnownDrive(City, seed) { SecondsBetweenFixes = 5, Slowness = _ => slowness }.FromAnywhere().Wander(4_000);
                Fix[] fixes = [.. drive.Fixes.Select(fix => fix with { FixedAtUnixMs = fix.FixedAtUnixMs + hours * 3_600_000L })];
                speeds.Learn(_matcher.Match(fixes), fixes, FreeFlow);
            }
        }

        double jam = Total(speeds.MetricOf(_hour, Start)), night = Total(speeds.MetricOf((_hour + 12) % 24, Start));
        output.WriteLine($"{jam:0.00} and {night:0.00} of free flow");
        Assert.True(jam > 2.2);
        Assert.True(night < 1.3);
    }

    [Fact]
    public void One_car_that_waits_for_somebody_slows_no_road()
    {
        KnownDrive calm = new KnownDrive(City, 1).FromAnywhere().Wander(2_000);
        KnownDrive waiting = new KnownDrive(City, 1).FromAnywhere().Wander(1_000).Stand(900).Wander(1_000);
        RoadSpeeds speeds = None, disturbed = None;
        for (int i = 0; i < 5; i++)
        {
            speeds.Learn(calm.Match(_matcher), calm.Fixes.ToArray(), FreeFlow);
            disturbed.Learn(calm.Match(_matcher), calm.Fixes.ToArray(), FreeFlow);
        }

        disturbed.Learn(waiting.Match(_matcher), waiting.Fixes.ToArray(), FreeFlow);

        RoadMetric before = speeds.MetricOf(_hour, Start), after = disturbed.MetricOf(_hour, Start);
        Assert.All(calm.Stretches, each => Assert.InRange(after[each.Edge] / (double)before[each.Edge], 0.8, 1.25));
    }

    [Fact]
    public void Sums_of_several_nodes_written_down_and_put_together_in_any_order_are_those_of_one()
    {
        RoadSpeeds alone = None, first = None, second = None, restored = None;
        for (int seed = 0; seed < 10; seed++)
        {
            KnownDrive drive = new KnownDrive(City, seed) { Slowness = _ => 1.7 }.FromAnywhere().Wander(2_000);
            MatchedDrive matched = drive.Match(_matcher);
            alone.Learn(matched, drive.Fixes.ToArray(), FreeFlow);
            (seed % 3 == 0 ? first : second).Learn(matched, drive.Fixes.ToArray(), FreeFlow);
        }

        foreach ((SpeedKey key, SpeedSums sums) in second.TakeChanges().Reverse().Concat(first.TakeChanges()))
        {
            Assert.True(SpeedKey.TryParse(key.ToString(), out SpeedKey readKey));
            Assert.True(SpeedSums.TryParse(sums.ToString(), out SpeedSums readSums));
            Assert.Equal((key, sums), (readKey, readSums));
            Assert.True(restored.Add(readKey, readSums));
        }

        Assert.Empty(first.TakeChanges());
        Assert.Equal(alone.Count, restored.Count);
        RoadMetric expected = alone.MetricOf(_hour, Start), actual = restored.MetricOf(_hour, Start);
        for (int edge = 0; edge < City.EdgeCount; edge++)
        {
            Assert.True(Math.Abs((long)expected[edge] - actual[edge]) <= 1); // sums in another order
        }
    }

    [Fact]
    public void What_was_seen_long_ago_gives_way_to_what_is_seen_now()
    {
        KnownDrive slow = new KnownDrive(City, 4) { Slowness = _ => 3 }.FromAnywhere().Wander(3_000);
        RoadSpeeds speeds = None;
        for (int week = 0; week < 60; week++)
        {
            // Half of the weeks slow, then a few as free flow.
            KnownDrive drive = week < 40 ? slow : new KnownDrive(City, 4).FromAnywhere().Wander(3_000);
            Fix[] fixes = [.. drive.Fixes.Select(fix => fix with { FixedAtUnixMs = fix.FixedAtUnixMs + week * 7 * 86_400_000L })];
            speeds.Learn(_matcher.Match(fixes), fixes, FreeFlow);
        }

        RoadMetric now = speeds.MetricOf(_hour, Start.AddDays(7 * 60));
        int[] edges = [.. slow.Stretches.Skip(2).SkipLast(2).Select(each => each.Edge)];
        Assert.InRange(edges.Average(edge => now[edge] / (double)FreeFlow[edge]), 0.9, 1.3);
    }

    [Fact]
    public void A_road_that_the_map_no_longer_has_is_left_out()
    {
        Assert.False(None.Add(new SpeedKey(-1, -2, -3, 0), new SpeedSums(1, 1)));
        Assert.False(SpeedKey.TryParse("1/2/3/72", out _));
        Assert.False(SpeedKey.TryParse("1/2/3", out _));
        Assert.False(SpeedSums.TryParse("NaN/1", out _));
        Assert.False(SpeedSums.TryParse("-1/1", out _));
    }

    private static double Total(RoadMetric metric)
    {
        int[] edges = [.. Enumerable.Range(0, City.EdgeCount).Where(edge => City.KmhOf(edge) > 0)];
        return edges.Sum(edge => (double)metric[edge]) / edges.Sum(edge => (double)FreeFlow[edge]);
    }
}
