using RideTracking.Engine.Roads.Speeds;

namespace RideTracking.Engine.Tests.Roads.Speeds;

public sealed class TripTimesTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Monday = new(2026, 6, 1, 8, 30, 0, TimeSpan.Zero);

    [Fact]
    public void With_nothing_seen_the_median_is_what_was_foretold_within_a_wide_range()
    {
        TripTimeRange range = new TripTimes(TimeZoneInfo.Utc).RangeOf(TimeSpan.FromMinutes(10), Monday);

        Assert.Equal(10, range.Median.TotalMinutes, 0.1);
        Assert.InRange(range.Low.TotalMinutes, 6, 7);
        Assert.InRange(range.High.TotalMinutes, 15, 16.5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_range_holds_four_trips_of_five(int seed)
    {
        // Skewed, as trips are, and wider for short ones.
        var random = new Random(seed);
        var times = new TripTimes(TimeZoneInfo.Utc);
        int held = 0, below = 0, above = 0;
        for (int i = 0; i < 6_000; i++)
        {
            TimeSpan foretold = TimeSpan.FromMinutes(2 + 28 * random.NextDouble());
            double spread = foretold.TotalMinutes < 10 ? 0.4 : 0.2;
            double factor = 1.2 * Math.Exp(spread * random.Normal());
            factor += random.Next(10) == 0 ? random.NextDouble() : 0;
            DateTimeOffset at = Monday.AddMinutes(i);
            TripTimeRange range = times.RangeOf(foretold, at);
            if (i >= 2_000)
            {
                held += foretold * factor >= range.Low && foretold * factor <= range.High ? 1 : 0;
                below += foretold * factor < range.Median ? 1 : 0;
                above += foretold * factor > range.Median ? 1 : 0;
            }

            times.Learn(foretold, foretold * factor, at);
        }

        output.WriteLine($"seed {seed}: held {held / 4_000.0:P1}, below the median {below / 4_000.0:P1}");
        Assert.InRange(held / 4_000.0, 0.77, 0.83);
        Assert.InRange(below / 4_000.0, 0.47, 0.53);
        Assert.Equal(4_000, below + above);
    }

    [Fact]
    public void Short_trips_and_long_ones_have_ranges_of_their_own()
    {
        var times = new TripTimes(TimeZoneInfo.Utc);
        for (int i = 0; i < 400; i++)
        {
            times.Learn(TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(i % 2 == 0 ? 2 : 6), Monday);
            times.Learn(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(i % 2 == 0 ? 29 : 31), Monday);
        }

        TripTimeRange brief = times.RangeOf(TimeSpan.FromMinutes(3), Monday), lengthy = times.RangeOf(TimeSpan.FromMinutes(30), Monday);

        Assert.True(brief.High / brief.Low > 2.5);
        Assert.True(lengthy.High / lengthy.Low < 1.6);
    }

    [Fact]
    public void Counts_of_several_nodes_written_down_add_up_to_those_of_one()
    {
        TripTimes alone = new(TimeZoneInfo.Utc), first = new(TimeZoneInfo.Utc), second = new(TimeZoneInfo.Utc), restored = new(TimeZoneInfo.Utc);
        var random = new Random(5);
        for (int i = 0; i < 300; i++)
        {
            TimeSpan actual = TimeSpan.FromMinutes(5 + 20 * random.NextDouble());
            DateTimeOffset at = Monday.AddHours(i);
            alone.Learn(TimeSpan.FromMinutes(11), actual, at);
            (i % 2 == 0 ? first : second).Learn(TimeSpan.FromMinutes(11), actual, at);
        }

        foreach ((TripTimeKey key, double weight) in second.TakeChanges().Concat(first.TakeChanges()))
        {
            Assert.True(TripTimeKey.TryParse(key.ToString(), out TripTimeKey read));
            Assert.Equal(key, read);
            restored.Add(read, weight);
        }

        Assert.Empty(second.TakeChanges());
        TripTimeRange expected = alone.RangeOf(TimeSpan.FromMinutes(11), Monday), actualRange = restored.RangeOf(TimeSpan.FromMinutes(11), Monday);
        Assert.Equal(expected.Low.TotalSeconds, actualRange.Low.TotalSeconds, 0.01);
        Assert.Equal(expected.High.TotalSeconds, actualRange.High.TotalSeconds, 0.01);
        Assert.False(TripTimeKey.TryParse("5/0/0", out _));
        Assert.False(TripTimeKey.TryParse("0/72/0", out _));
        Assert.False(TripTimeKey.TryParse("0/0/80", out _));
    }

    [Fact]
    public void The_rest_of_a_trip_is_shorter_and_in_its_share_less_sure()
    {
        var whole = TimeSpan.FromMinutes(20);
        var range = new TripTimeRange(TimeSpan.FromMinutes(16), TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(30));
        Assert.Equal(range, range.OfRest(whole, whole));

        var last = range;
        foreach (double minutes in new[] { 15.0, 10, 5, 2, 1, 0.1, 0.001 })
        {
            TripTimeRange rest = range.OfRest(whole, TimeSpan.FromMinutes(minutes));
            Assert.True(rest.Low <= rest.Median && rest.Median <= rest.High);
            Assert.True(rest.Low < last.Low && rest.Median < last.Median && rest.High < last.High);
            Assert.True(rest.High / rest.Median >= last.High / last.Median * 0.999);
            // However little is left, not beyond the third power.
            Assert.True(rest.High / rest.Median < Math.Pow(1.5, 3) * 1.01);
            last = rest;
        }

        // A quarter of the way has twice the relative spread, as independent pieces have.
        TripTimeRange quarter = range.OfRest(whole, TimeSpan.FromMinutes(5));
        Assert.Equal(2, Math.Log(quarter.High / quarter.Median) / Math.Log(1.5), 0.01);
    }
}
