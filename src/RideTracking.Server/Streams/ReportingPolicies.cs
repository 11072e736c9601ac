using Google.Protobuf.WellKnownTypes;
using RideTracking.V1;

namespace RideTracking.Server.Streams;

/// <summary>How often apps are asked to report.</summary>
internal static class ReportingPolicies
{
    /// <summary>The one policy there is so far, from the options.</summary>
    public static ReportingPolicy Default(StreamOptions options) => new()
    {
        PolicyVersion = 1,
        MovingInterval = options.MovingInterval.ToDuration(),
        MaxSilence = options.MaxSilence.ToDuration(),
        MinDistanceMeters = options.MinDistanceMeters,
        MaxBatchDelay = options.MaxBatchDelay.ToDuration(),
        HeartbeatInterval = options.HeartbeatInterval.ToDuration(),
    };
}
