using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace RideTracking.Client.Tests.Fixtures;

/// <summary>
/// A clock in the test's hands that also tells what timers were set to: so a test moves it only when whoever sleeps by
/// it is asleep.
/// </summary>
public sealed class WatchedTime(DateTimeOffset start) : TimeProvider
{
    private readonly FakeTimeProvider _time = new(start);
    private readonly Channel<TimeSpan> _set = Channel.CreateUnbounded<TimeSpan>();

    public void Advance(TimeSpan span) => _time.Advance(span);

    /// <summary>Waits until a timer is set to at most a span, and answers to what.</summary>
    public async Task<TimeSpan> SleepAsync(TimeSpan atMost)
    {
        while (true)
        {
            if (await _set.Reader.ReadAsync(Patience.Token) is var due && due <= atMost)
                return due;
        }
    }

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public override long GetTimestamp() => _time.GetTimestamp();

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(_time.CreateTimer(callback, state, dueTime, period), this);
        Tell(dueTime);
        return timer;
    }

    private void Tell(TimeSpan dueTime)
    {
        if (dueTime != Timeout.InfiniteTimeSpan)
            _set.Writer.TryWrite(dueTime);
    }

    private sealed class Timer(ITimer timer, WatchedTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            time.Tell(dueTime);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
