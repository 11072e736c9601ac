using System.Diagnostics.Metrics;

namespace RideTracking.Server.Hosting;

/// <summary>Makes the server's loops. Thread-safe.</summary>
/// <param name="meter">Where they are counted.</param>
/// <param name="passes">Whether a failure is nobody's fault and passes by itself: the store is away, or refuses.</param>
/// <param name="loggers">Where faults are told.</param>
public sealed class Loops(Meter meter, Predicate<Exception> passes, ILoggerFactory loggers)
{
    private readonly LoopMetrics _metrics = new(meter);
    private readonly ILogger<Loop> _logger = loggers.CreateLogger<Loop>();

    /// <summary>Makes one.</summary>
    /// <param name="name">A constant: it is a metric's tag. Several may have the same name: one for each city.</param>
    /// <param name="clock">For its interval and its waits.</param>
    public Loop Create(string name, TimeProvider clock) => new(name, clock, passes, _metrics, _logger);
}
