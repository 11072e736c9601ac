using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Drivers.Reporting;

/// <summary>What is measured of how often apps are asked to report. Thread-safe, allocates nothing.</summary>
public sealed class ReportingMetrics
{
    private static readonly KeyValuePair<string, object?>[] Paces = Metering.TagPerValue<ReportingPace>("pace");

    private readonly AreaCounter _changes;

    /// <summary>Made once, by <c>AddDriverStreams</c>.</summary>
    public ReportingMetrics(AreaMeter meter) =>
        _changes = meter.Counter(
            "ridetracking.reporting.changes", "{policy}", "Reporting policies sent down open streams, by the pace that they ask for.");

    /// <summary>Counts a policy that takes the place of another on an open stream.</summary>
    public void Changed(ReportingPace pace) => _changes.Add(1, Paces[(int)pace]);
}
