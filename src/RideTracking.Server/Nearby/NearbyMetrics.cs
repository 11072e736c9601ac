using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Nearby;

/// <summary>What is measured of those who look around. Thread-safe.</summary>
public sealed class NearbyMetrics
{
    private readonly AreaCounter _refused;

    /// <summary>Made once, by <c>AddRiders</c>.</summary>
    public NearbyMetrics(AreaMeter meter) =>
        _refused = meter.Counter(
            "ridetracking.nearby.refused", "{stream}", "Watches of nearby drivers that a limit refused.");

    /// <summary>Counts a refusal.</summary>
    /// <param name="reason">The ErrorInfo's, a constant.</param>
    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToLowerInvariant()));
}
