using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Hosting;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Drivers.Reporting;

/// <summary>Holds <see cref="ReportingOptions"/> against their own limits and against the gate, the streams and the trips.</summary>
internal sealed class ReportingOptionsCheck(IOptions<GateLimits> gate, IOptions<StreamOptions> streams, IOptions<TripOptions> trips) : IValidateOptions<ReportingOptions>
{
    public ValidateOptionsResult Validate(string? name, ReportingOptions options)
    {
        var check = new OptionsCheck(ReportingOptions.Section);
        check.Within("NearStopMeters", options.NearStopMeters, 0, 10_000);
        check.Within("ChangeInterval", options.ChangeInterval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        check.Within("SlowDownAfter", options.SlowDownAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        foreach (var pace in Enum.GetValues<ReportingPace>())
        {
            Times(check, pace, options.Of(pace));
        }

        check.Require(
            options.Normal.HeartbeatInterval < streams.Value.SilenceTimeout,
            "Normal:HeartbeatInterval must be shorter than Streams:SilenceTimeout, better a third of it.");
        return check.Result;
    }

    private void Times(OptionsCheck check, ReportingPace pace, ReportingTimes times)
    {
        var gateInterval = gate.Value.MinInterval;
        check.Require(
            times.MovingInterval > gateInterval && times.MovingInterval <= TimeSpan.FromMinutes(10),
            $"{pace}:MovingInterval must be above Gate:MinInterval ({gateInterval:c}), or the gate rejects what the app was asked for, and at most 00:10:00.");
        check.Within($"{pace}:MaxSilence", times.MaxSilence, times.MovingInterval, TimeSpan.FromHours(1));
        check.Within($"{pace}:MinDistanceMeters", times.MinDistanceMeters, 0, 1_000);
        check.Within($"{pace}:MaxBatchDelay", times.MaxBatchDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        check.Within($"{pace}:HeartbeatInterval", times.HeartbeatInterval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        check.Require(
            pace == ReportingPace.Rare || times.MaxSilence < trips.Value.MaxFixAge,
            $"{pace}:MaxSilence must be below Trips:MaxFixAge ({trips.Value.MaxFixAge:c}), or drivers who wait at rest are not asked.");
    }
}
