using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Incidents;

/// <summary>What is measured of incidents. Thread-safe.</summary>
internal sealed class IncidentMetrics
{
    private static readonly KeyValuePair<string, object?>[] Kinds = Metering.TagPerValue<V1.IncidentKind>("kind");

    private readonly AreaCounter _raised;
    private readonly AreaCounter _closed;

    public IncidentMetrics(AreaMeter meter)
    {
        _raised = meter.Counter("ridetracking.incidents.raised", "{incident}", "Incidents raised, by kind.");
        _closed = meter.Counter("ridetracking.incidents.closed", "{incident}", "Incidents closed, by kind.");
    }

    public void Raised(V1.IncidentKind kind) => _raised.Add(1, Kinds[(int)kind]);

    public void Closed(V1.IncidentKind kind) => _closed.Add(1, Kinds[(int)kind]);
}
