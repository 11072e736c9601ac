using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Log;

/// <summary>What is measured of the log.</summary>
public sealed class LogMetrics
{
    private readonly AreaMeter _meter;
    private readonly AreaCounter _logged;
    private readonly AreaCounter _batches;
    private readonly AreaCounter _forgotten;

    public LogMetrics(AreaMeter meter)
    {
        _meter = meter;
        _logged = meter.Counter("ridetracking.log.fixes", "{fix}", "Fixes written to the log.");
        _batches = meter.Counter("ridetracking.log.batches", "{batch}", "Batches written to the log.");
        _forgotten = meter.Counter("ridetracking.log.forgotten", "{fix}", "Fixes dropped from the buffer while the store was away; the apps are asked for them again.");
    }

    internal void ObserveWaiting(Func<int> count) =>
        _meter.Gauge("ridetracking.log.waiting", "{fix}", "Fixes that wait to be written.", () => count());

    internal void ObserveCheckpoint(Func<TimeSpan> age) => _meter.Gauge(
        "ridetracking.log.checkpoint.age", "s", "Since the log's last checkpoint was written, or found written by another node.", () => age().TotalSeconds);

    internal void Logged(int fixes)
    {
        _logged.Add(fixes);
        _batches.Add(1);
    }

    internal void Forgotten(int fixes) => _forgotten.Add(fixes);
}
