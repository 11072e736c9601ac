using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Outbox;

/// <summary>What is measured of the commands to drivers that wait for the app's acknowledgement. Thread-safe.</summary>
public sealed class CommandMetrics
{
    private readonly AreaMeter _meter;
    private readonly AreaCounter _sent;
    private readonly AreaCounter _acknowledged;
    private readonly AreaCounter _dropped;

    /// <summary>Made once, by <c>AddOutbox</c>.</summary>
    public CommandMetrics(AreaMeter meter)
    {
        _meter = meter;
        _sent = meter.Counter("ridetracking.commands.sent", "{command}", "Commands written to drivers' streams, repeats after a reconnect included.");
        _acknowledged = meter.Counter("ridetracking.commands.acknowledged", "{command}", "Commands that apps acknowledged.");
        _dropped = meter.Counter("ridetracking.commands.expired", "{command}", "Commands that expired before the app had them.");
    }

    /// <summary>Counts commands written to a stream.</summary>
    public void Sent(int count) => _sent.Add(count);

    /// <summary>Counts commands acknowledged.</summary>
    public void Acknowledged(int count) => _acknowledged.Add(count);

    /// <summary>Counts commands that were never delivered.</summary>
    public void Expired(int count) => _dropped.Add(count);

    /// <summary>Tells how to look at the outboxes of the drivers connected here; called at each scrape.</summary>
    public void Observe(Func<OutboxState> state)
    {
        _meter.Gauge("ridetracking.outbox.depth", "{command}", "Commands that wait for the acknowledgement of a driver connected here.", () => state().Depth);
        _meter.Gauge("ridetracking.outbox.age", "s", "Age of the oldest of them.", () => state().OldestAge.TotalSeconds);
    }
}

/// <summary>The commands not yet acknowledged by the drivers connected here.</summary>
/// <param name="Depth">How many.</param>
/// <param name="OldestAge">How long the oldest of them has waited.</param>
public readonly record struct OutboxState(int Depth, TimeSpan OldestAge);
