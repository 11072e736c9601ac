namespace RideTracking.Simulation.Time;

/// <summary>The clock of a node's machine: the queue's time, more or less wrong, and timers that are events of the node's life.</summary>
internal sealed class SimulatedClock(EventQueue queue, Life life, TimeSpan error) : TimeProvider
{
    private TimeSpan _slept;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => queue.Now + error;

    public override long GetTimestamp() => (queue.Now - _slept).UtcTicks;

    /// <summary>The machine sleeps for so long: its monotonic clock stands still, and the other does not.</summary>
    public void Sleep(TimeSpan span) => _slept += span;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(queue, life, () => callback(state), dueTime, period);

    private sealed class Timer : ITimer
    {
        private readonly EventQueue _queue;
        private readonly Life _life;
        private readonly Action _callback;
        private int _setting;

        public Timer(EventQueue queue, Life life, Action callback, TimeSpan dueTime, TimeSpan period)
        {
            (_queue, _life, _callback) = (queue, life, callback);
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var setting = ++_setting;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                _queue.After(dueTime, _life, () => Fire(setting, period));
            }

            return true;
        }

        public void Dispose() => _setting++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(int setting, TimeSpan period)
        {
            if (setting != _setting)
            {
                return;
            }

            if (period > TimeSpan.Zero)
            {
                _queue.After(period, _life, () => Fire(setting, period));
            }

            _callback();
        }
    }
}
