namespace RideTracking.Client.Tests;

public sealed class BackoffTests
{
    [Fact]
    public void The_bound_doubles_up_to_the_cap_and_begins_anew_after_success()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6), new Random(1));
        var bounds = new List<double>();
        for (var i = 0; i < 6; i++)
        {
            bounds.Add(backoff.Bound.TotalSeconds);
            backoff.Next();
        }
        Assert.Equal([1, 2, 4, 6, 6, 6], bounds);
        backoff.Reset();
        Assert.Equal(TimeSpan.FromSeconds(1), backoff.Bound);
    }

    [Fact]
    public void Waits_fill_the_whole_range_below_the_bound()
    {
        var waits = Enumerable.Range(0, 1000).Select(seed => new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), new Random(seed)).Next()).ToList();
        Assert.All(waits, wait => Assert.InRange(wait.TotalSeconds, 0, 1));
        for (var tenth = 0; tenth < 10; tenth++)
            Assert.Contains(waits, wait => (int)(wait.TotalSeconds * 10) == tenth);
    }

    [Fact]
    public void It_never_overflows()
    {
        var backoff = new Backoff(TimeSpan.FromDays(1), TimeSpan.FromDays(1000), new Random(1));
        for (var i = 0; i < 10_000; i++)
            Assert.InRange(backoff.Next(), TimeSpan.Zero, TimeSpan.FromDays(1000));
    }
}
