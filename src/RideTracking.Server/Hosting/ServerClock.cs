namespace RideTracking.Server.Hosting;

/// <summary>
/// The clock of the server. Normally the machine's; a development server may start at a recording's time and run
/// faster, so that recorded traces pass the gate with their own sensor times and no limit loosened.
/// </summary>
/// <remarks>Timers and expiries scale with it. Pacing of I/O and the validity of tokens, which come from outside, do not.</remarks>
public sealed class ServerClock(TimeProvider machine, DateTimeOffset? start, double scale) : TimeProvider
{
    private readonly long _machineStart = machine.GetTimestamp();
    private readonly DateTimeOffset _start = start ?? machine.GetUtcNow();

    /// <summary>The machine's own clock: for timeouts of connections and the pacing of I/O.</summary>
    public TimeProvider Machine => machine;

    /// <summary>Seconds of this clock for one of the machine's; 1 in production.</summary>
    public double Scale => scale;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() =>
        start is null && scale == 1 ? machine.GetUtcNow() : _start + (machine.GetElapsedTime(_machineStart) * scale);

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
}
