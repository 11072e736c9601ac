namespace RideTracking.Server.Hosting;

/// <summary>
/// The clock of the server. It goes by the store's time where several nodes share one (<see cref="Follow"/>), so that it makes no difference
/// what their machines' clocks say; else by the machine's. A development server may start at a recording's time and run faster, so that
/// recorded traces pass the gate with their own sensor times and no limit loosened.
/// </summary>
/// <remarks>
/// Thread-safe. Timers and expiries scale with it. Pacing of I/O and the validity of tokens, which come from outside, go by the machine's.
/// </remarks>
public sealed class ServerClock(TimeProvider machine, DateTimeOffset? start, double scale) : TimeProvider
{
    private readonly long _machineStart = machine.GetTimestamp();
    private readonly DateTimeOffset _startedAt = machine.GetUtcNow();
    private volatile Reading? _reading;
    private volatile Beginning? _beginning;

    /// <summary>The machine's own clock: for timeouts of connections and the pacing of I/O.</summary>
    public TimeProvider Machine => machine;

    /// <summary>Seconds of this clock for one of the machine's; 1 in production.</summary>
    public double Scale => scale;

    /// <summary>Whether it starts elsewhere or runs faster.</summary>
    internal bool IsReplay => start is not null || scale != 1;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        if (!IsReplay)
        {
            return _reading?.At(machine) ?? machine.GetUtcNow();
        }

        var now = _reading?.At(machine) ?? _startedAt + machine.GetElapsedTime(_machineStart);
        return _beginning is { } shared ? shared.Time + ((now - shared.At) * scale) : (start ?? _startedAt) + ((now - _startedAt) * scale);
    }

    /// <summary>The time that a replay is to begin with; null for the present.</summary>
    internal DateTimeOffset? Start => start;

    /// <summary>When the replay that was joined began, and with what time; null before.</summary>
    internal (DateTimeOffset At, DateTimeOffset Time)? Joined => _beginning is { } shared ? (shared.At, shared.Time) : null;

    /// <summary>A replay that began with a time when the store's was another: it is the same on all nodes.</summary>
    internal void Join(DateTimeOffset at, DateTimeOffset time) => _beginning = new Beginning(at, time);

    /// <inheritdoc/>
    public override long TimestampFrequency => machine.TimestampFrequency;

    /// <inheritdoc/>
    public override long GetTimestamp() =>
        scale == 1 ? machine.GetTimestamp() : (long)((machine.GetTimestamp() - _machineStart) * scale);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, Real(dueTime), Real(period));

    /// <summary><see cref="Real"/> in milliseconds, as scripts set expiries: at least 1, since the store knows no shorter one.</summary>
    public long RealMilliseconds(TimeSpan span) => Math.Max(1, (long)Real(span).TotalMilliseconds);

    /// <summary>How long a span of this clock lasts outside: for expiries in the store, which keeps its own time.</summary>
    public TimeSpan Real(TimeSpan span) =>
        scale == 1 || span == Timeout.InfiniteTimeSpan || span == TimeSpan.Zero
            ? span
            : TimeSpan.FromMilliseconds(Math.Max(1, span.TotalMilliseconds / scale));

    /// <summary>
    /// Goes on from a time by the machine's monotonic clock. It stands still rather than go back, but for the first time.
    /// </summary>
    /// <param name="time">What time it was.</param>
    /// <param name="timestamp">The machine's timestamp then.</param>
    internal void Follow(DateTimeOffset time, long timestamp) =>
        _reading = new Reading(time, timestamp, _reading?.At(machine) ?? DateTimeOffset.MinValue);

    private sealed record Beginning(DateTimeOffset At, DateTimeOffset Time);

    private sealed record Reading(DateTimeOffset Time, long Timestamp, DateTimeOffset Floor)
    {
        public DateTimeOffset At(TimeProvider machine)
        {
            var now = Time + machine.GetElapsedTime(Timestamp);
            return now < Floor ? Floor : now;
        }
    }
}
