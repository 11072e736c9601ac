using System.Diagnostics.Metrics;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Incidents;

/// <summary>What is measured of incidents. Thread-safe.</summary>
internal sealed class IncidentMetrics
{
    private static readonly KeyValuePair<string, object?>[] Kinds = Metering.TagPerValue<V1.IncidentKind>("kind");

    private readonly Counter<long> _raised;
    private readonly Counter<long> _closed;

    public IncidentMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Metering.MeterName);
        _raised = meter.CreateCounter<long>("ridetracking.incidents.raised", "{incident}", "Incidents raised, by kind.");
        _closed = meter.CreateCounter<long>("ridetracking.incidents.closed", "{incident}", "Incidents closed, by kind.");
    }

    public void Raised(V1.IncidentKind kind) => _raised.Add(1, Kinds[(int)kind]);

    public void Closed(V1.IncidentKind kind) => _closed.Add(1, Kinds[(int)kind]);
}
