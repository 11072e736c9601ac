using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using RideTracking.V1;

namespace RideTracking.Server.Drivers.Reporting;

/// <summary>The policies that apps are told, and how long each may be silent.</summary>
public sealed class ReportingPolicies(IOptions<ReportingOptions> reporting, IOptions<StreamOptions> streams)
{
    public ReportingOptions Options => reporting.Value;

    /// <summary>The policy as it is sent.</summary>
    public ReportingPolicy Of(ReportingPace pace, ulong version)
    {
        var times = Options.Of(pace);
        return new ReportingPolicy
        {
            PolicyVersion = version,
            MovingInterval = times.MovingInterval.ToDuration(),
            MaxSilence = times.MaxSilence.ToDuration(),
            MinDistanceMeters = times.MinDistanceMeters,
            MaxBatchDelay = times.MaxBatchDelay.ToDuration(),
            HeartbeatInterval = times.HeartbeatInterval.ToDuration(),
        };
    }

    /// <summary>Age at which a fix is stale, of who holds no stream or was told nothing longer.</summary>
    public TimeSpan StaleAfter => Options.Normal.MaxSilence * streams.Value.StaleAfterSilences;

    /// <summary>Age at which a fix of anybody is stale, whatever the app was told.</summary>
    public TimeSpan LongestStaleAfter => System.Enum.GetValues<ReportingPace>().Max(StaleAfterAt);

    /// <summary>Age at which a fix of somebody with this pace is stale: never less than that of anybody.</summary>
    public TimeSpan StaleAfterAt(ReportingPace pace) =>
        Longer(StaleAfter, Options.Of(pace).MaxSilence * streams.Value.StaleAfterSilences);

    /// <summary>Silence after which a stream with this pace is ended: as many heartbeats of it as of the normal one, and never less time.</summary>
    public TimeSpan SilentAfterAt(ReportingPace pace) =>
        Longer(streams.Value.SilenceTimeout, streams.Value.SilenceTimeout * (Options.Of(pace).HeartbeatInterval / Options.Normal.HeartbeatInterval));

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
