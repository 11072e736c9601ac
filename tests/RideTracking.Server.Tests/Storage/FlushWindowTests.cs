using Microsoft.Extensions.Time.Testing;
using RideTracking.Server.Log;

namespace RideTracking.Server.Tests.Storage;

/// <summary>How long fixes wait for others before they are written.</summary>
public sealed class FlushWindowTests
{
    private static readonly TimeSpan Min = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Max = TimeSpan.FromMilliseconds(250);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_fix_after_a_silence_waits_for_the_shortest_time_and_the_next_one_for_the_rest_of_the_window()
    {
        var window = Window();
        Take(window, fill: 0, isAwaited: false, times: 20);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Min, window.Rest);

        window.Taken(0, isAwaited: false);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal(200, window.Rest.TotalMilliseconds, 1.0);
    }

    [Theory]
    [InlineData(0, false, 250)]
    [InlineData(0, true, 40)]
    [InlineData(0.125, false, 137.5)]
    [InlineData(0.125, true, 32.5)]
    [InlineData(1, false, 25)]
    [InlineData(1, true, 25)]
    public void The_fuller_the_batches_the_shorter_and_shorter_where_others_wait_for_them(double fill, bool isAwaited, double milliseconds)
    {
        var window = Window();

        Take(window, fill, isAwaited, times: 30);

        Assert.Equal(milliseconds, window.Rest.TotalMilliseconds, 0.1);
    }

    [Fact]
    public void It_is_short_with_the_first_batch_that_somebody_waits_for()
    {
        var window = Window();
        Take(window, fill: 0, isAwaited: false, times: 20);

        window.Taken(0, isAwaited: true);

        Assert.Equal(40, window.Rest.TotalMilliseconds, 0.1);
    }

    [Theory]
    [InlineData(1, 25)]
    [InlineData(2_000, 250)]
    public void A_window_of_others_that_is_not_between_the_two_does_not_count(int sharedMilliseconds, double milliseconds)
    {
        var window = Window(TimeSpan.FromMilliseconds(sharedMilliseconds));

        Take(window, fill: 0, isAwaited: true, times: 30);

        Assert.Equal(milliseconds, window.Rest.TotalMilliseconds, 0.1);
    }

    private FlushWindow Window(TimeSpan? shared = null) => new(
        new LogOptions { MinFlushWindow = Min, MaxFlushWindow = Max, SharedFlushWindow = shared ?? TimeSpan.FromMilliseconds(40) }, _time);

    private static void Take(FlushWindow window, double fill, bool isAwaited, int times)
    {
        for (var i = 0; i < times; i++)
        {
            window.Taken(fill, isAwaited);
        }
    }
}
