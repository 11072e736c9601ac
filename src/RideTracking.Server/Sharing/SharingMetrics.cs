using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Sharing;

/// <summary>What is measured of shared trips. Thread-safe.</summary>
public sealed class SharingMetrics
{
    private readonly AreaCounter _made;
    private readonly AreaCounter _revoked;
    private readonly AreaCounter _refused;

    /// <summary>Made once, by <c>AddSharing</c>.</summary>
    public SharingMetrics(AreaMeter meter)
    {
        _made = meter.Counter("ridetracking.sharing.links", "{link}", "Share links made, repeats included.");
        _revoked = meter.Counter("ridetracking.sharing.revoked", "{link}", "Share links revoked.");
        _refused = meter.Counter("ridetracking.sharing.refused", "{stream}", "Watches of shared trips that were refused; many with not_found are somebody who guesses.");
    }

    /// <summary>Counts a link.</summary>
    public void Made() => _made.Add(1);

    /// <summary>Counts a link that ended before its trip.</summary>
    public void Revoked() => _revoked.Add(1);

    /// <summary>Counts a refusal.</summary>
    /// <param name="reason">The ErrorInfo's, a constant.</param>
    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToLowerInvariant()));
}
