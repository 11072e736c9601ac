using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>Which positions are worth a fix by the policy that the server told.</summary>
public static class ReportingRule
{
    // Time for a fix to be on its way before the silence counts.
    private const double SilenceShare = 0.8;

    // A phone at rest seems to move by its noise.
    private const double NoiseMeters = 0.5;

    private static readonly TimeSpan _defaultInterval = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan _defaultSilence = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Whether the present position is to be reported. Ask anew when another policy came: one that wants more may want it
    /// at once.
    /// </summary>
    /// <param name="policy">The newest that the server told; an empty one before it told any.</param>
    /// <param name="silence">Since the last fix was reported.</param>
    /// <param name="movedMeters">Driven since then; the distance between the two where no more is known.</param>
    public static bool IsDue(ReportingPolicy policy, TimeSpan silence, double movedMeters)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var isMoving = movedMeters >= Math.Max(policy.MinDistanceMeters, NoiseMeters);
        return (isMoving && silence >= (policy.MovingInterval?.ToTimeSpan() ?? _defaultInterval))
            || silence >= (policy.MaxSilence?.ToTimeSpan() ?? _defaultSilence) * SilenceShare;
    }
}
