using System.Diagnostics.Metrics;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Outbox;

/// <summary>What is measured of the commands to drivers that wait for the app's acknowledgement. Thread-safe.</summary>
public sealed class CommandMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _acknowledged;
    private readonly Counter<long> _dropped;

    /// <summary>Made once, by <c>AddTelemetry</c>.</summary>
    public CommandMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(Metering.MeterName);
        _sent = _meter.CreateCounter<long>("ridetracking.commands.sent", "{command}", "Commands written to drivers' streams, repeats after a reconnect included.");
        _acknowledged = _meter.CreateCounter<long>("ridetracking.commands.acknowledged", "{command}", "Commands that apps acknowledged.");
        _dropped = _meter.CreateCounter<long>("ridetracking.commands.expired", "{command}", "Commands that expired before the app had them.");
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
        _meter.CreateObservableGauge("ridetracking.outbox.depth", () => state().Depth, "{command}", "Commands that wait for the acknowledgement of a driver connected here.");
        _meter.CreateObservableGauge("ridetracking.outbox.age", () => state().OldestAge.TotalSeconds, "s", "Age of the oldest of them.");
    }
}

/// <summary>The commands not yet acknowledged by the drivers connected here.</summary>
/// <param name="Depth">How many.</param>
/// <param name="OldestAge">How long the oldest of them has waited.</param>
public readonly record struct OutboxState(int Depth, TimeSpan OldestAge);
