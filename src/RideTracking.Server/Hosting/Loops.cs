namespace RideTracking.Server.Hosting;

/// <summary>Makes the server's loops. Thread-safe.</summary>
public sealed class Loops
{
    private readonly LoopMetrics _metrics;
    private readonly Predicate<Exception> _passes;
    private readonly ILogger<Loop> _logger;

    /// <summary>Made once, by <c>AddStore</c>.</summary>
    /// <param name="metrics">Where they are counted.</param>
    /// <param name="passes">Whether a failure is nobody's fault and passes by itself: the store is away, or refuses.</param>
    /// <param name="loggers">Where faults are told.</param>
    internal Loops(LoopMetrics metrics, Predicate<Exception> passes, ILoggerFactory loggers) =>
        (_metrics, _passes, _logger) = (metrics, passes, loggers.CreateLogger<Loop>());

    /// <summary>Makes one.</summary>
    /// <param name="name">A constant: it is a metric's tag. Several may have the same name: one for each city.</param>
    /// <param name="clock">For its interval and its waits.</param>
    public Loop Create(string name, TimeProvider clock) => new(name, clock, _passes, _metrics, _logger);
}
