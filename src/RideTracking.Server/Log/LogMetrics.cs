using System.Diagnostics.Metrics;

namespace RideTracking.Server.Log;

/// <summary>What is measured of the log.</summary>
public sealed class LogMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _logged;
    private readonly Counter<long> _batches;
    private readonly Counter<long> _forgotten;

    public LogMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("RideTracking");
        _logged = _meter.CreateCounter<long>("ridetracking.log.fixes", "{fix}", "Fixes written to the log.");
        _batches = _meter.CreateCounter<long>("ridetracking.log.batches", "{batch}", "Batches written to the log.");
        _forgotten = _meter.CreateCounter<long>("ridetracking.log.forgotten", "{fix}", "Fixes dropped from the buffer while the store was away; the apps are asked for them again.");
    }

    internal void ObserveWaiting(Func<int> count) =>
        _meter.CreateObservableGauge("ridetracking.log.waiting", count, "{fix}", "Fixes that wait to be written.");

    internal void Logged(int fixes)
    {
        _logged.Add(fixes);
        _batches.Add(1);
    }

    internal void Forgotten(int fixes) => _forgotten.Add(fixes);
}
