namespace RideTracking.Simulator.Replay;

/// <summary>
/// The clock of the recorded phones: starts somewhere in the recording and runs faster than the machine's, timers
/// included. Until it is started it stands still.
/// </summary>
internal sealed class RecordingClock(DateTimeOffset start, double speedUp) : TimeProvider
{
    private readonly TimeProvider _machine = System;
    private long _startTicks = start.UtcTicks;
    private long? _startedAt;

    /// <summary>Lets it run from a time on. Only once: phones whose clock jumps back would report from the future.</summary>
    public void Start(DateTimeOffset now)
    {
        if (_startedAt is not null)
            throw new InvalidOperationException("The clock runs already.");
        Volatile.Write(ref _startTicks, now.UtcTicks);
        _startedAt = _machine.GetTimestamp();
    }

    /// <summary>Moves it on at once: what was to come in between comes no more. By one thread.</summary>
    public void Skip(TimeSpan by) => Interlocked.Add(ref _startTicks, by.Ticks);

    public override DateTimeOffset GetUtcNow()
    {
        var start = new DateTimeOffset(Volatile.Read(ref _startTicks), TimeSpan.Zero);
        return _startedAt is { } startedAt ? start + _machine.GetElapsedTime(startedAt) * speedUp : start;
    }

    public override long TimestampFrequency => (long)Math.Max(1, _machine.TimestampFrequency / speedUp);

    public override long GetTimestamp() => _machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FastTimer(_machine.CreateTimer(callback, state, Real(dueTime), Real(period)), this);

    private TimeSpan Real(TimeSpan span) =>
        span == Timeout.InfiniteTimeSpan || span == TimeSpan.Zero ? span : TimeSpan.FromMilliseconds(Math.Max(1, span.TotalMilliseconds / speedUp));

    private sealed class FastTimer(ITimer timer, RecordingClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Real(dueTime), clock.Real(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
