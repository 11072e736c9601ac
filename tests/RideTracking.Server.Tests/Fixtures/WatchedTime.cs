using Microsoft.Extensions.Time.Testing;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>
/// A clock in the test's hands that also tells who sleeps by it: so a test moves it only when whoever it waits for is
/// asleep. Thread-safe.
/// </summary>
public sealed class WatchedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Sleeper> _sleepers = [];
    private TaskCompletionSource _changed = NewChanged();

    /// <summary>Completes when as many as said sleep for this long, once and not in turns.</summary>
    public Task AsleepAsync(TimeSpan span, int count = 1) =>
        UntilAsync(sleepers => sleepers.Count(s => s.Due == span && s.Period == Timeout.InfiniteTimeSpan) >= count, $"{count} asleep for {span}");

    /// <summary>How many are woken in turns.</summary>
    public int Ticking
    {
        get
        {
            lock (_lock)
            {
                return _sleepers.Count(s => s.Period > TimeSpan.Zero);
            }
        }
    }

    /// <summary>Completes when as many as said are woken in turns.</summary>
    public Task TickingAsync(int count) => UntilAsync(sleepers => sleepers.Count(s => s.Period > TimeSpan.Zero) >= count, $"{count} ticking");

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var sleeper = new Sleeper(this, callback, state);
        Set(sleeper, dueTime, period);
        sleeper.Timer = base.CreateTimer(_ => sleeper.Wake(), null, dueTime, period);
        return sleeper;
    }

    private async Task UntilAsync(Func<IEnumerable<Sleeper>, bool> isSo, string awaited)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(ServerHost.Patience);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (isSo(_sleepers))
                {
                    return;
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Waited in vain for {awaited} by the clock.");
            }
        }
    }

    private void Set(Sleeper sleeper, TimeSpan due, TimeSpan period)
    {
        lock (_lock)
        {
            (sleeper.Due, sleeper.Period) = (due, period == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : period);
            if (due == Timeout.InfiniteTimeSpan)
            {
                _sleepers.Remove(sleeper);
            }
            else
            {
                _sleepers.Add(sleeper);
            }

            _changed.SetResult();
            _changed = NewChanged();
        }
    }

    private static TaskCompletionSource NewChanged() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Sleeper(WatchedTime time, TimerCallback callback, object? state) : ITimer
    {
        public ITimer? Timer { get; set; }

        public TimeSpan Due { get; set; }

        public TimeSpan Period { get; set; }

        public void Wake()
        {
            if (Period == Timeout.InfiniteTimeSpan)
            {
                time.Set(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time.Set(this, dueTime, period);
            return Timer!.Change(dueTime, period);
        }

        public void Dispose()
        {
            time.Set(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            // Not there yet when it is woken while it is made.
            Timer?.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
