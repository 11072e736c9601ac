using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Drivers.Reporting;

/// <summary>Holds <see cref="ReportingOptions"/> against their own limits and against the gate, the streams and the trips.</summary>
internal sealed class ReportingOptionsCheck(IOptions<GateLimits> gate, IOptions<StreamOptions> streams, IOptions<TripOptions> trips) : IValidateOptions<ReportingOptions>
{
    public ValidateOptionsResult Validate(string? name, ReportingOptions options)
    {
        var problems = Problems(options).ToList();
        foreach (var pace in Enum.GetValues<ReportingPace>())
        {
            var times = options.Of(pace);
            problems.AddRange(times.Problems(gate.Value.MinInterval).Select(problem => $"{ReportingOptions.Section}:{pace}:{problem}"));
            if (pace != ReportingPace.Rare && times.MaxSilence >= trips.Value.MaxFixAge)
            {
                problems.Add(
                    $"{ReportingOptions.Section}:{pace}:MaxSilence must be below Trips:MaxFixAge ({trips.Value.MaxFixAge:c}), or drivers who wait at rest are not asked.");
            }
        }

        if (options.Normal.HeartbeatInterval >= streams.Value.SilenceTimeout)
        {
            problems.Add("Streams:SilenceTimeout must be longer than Reporting:Normal:HeartbeatInterval, better three times as long.");
        }

        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }

    private static IEnumerable<string> Problems(ReportingOptions options)
    {
        // Written so that NaN fails.
        if (!(options.NearStopMeters is >= 0 and <= 10_000))
        {
            yield return "Reporting:NearStopMeters must be 0 to 10000.";
        }

        if (options.ChangeInterval < TimeSpan.FromSeconds(1) || options.ChangeInterval > TimeSpan.FromMinutes(1))
        {
            yield return "Reporting:ChangeInterval must be 00:00:01 to 00:01:00.";
        }

        if (options.SlowDownAfter < TimeSpan.FromSeconds(1) || options.SlowDownAfter > TimeSpan.FromMinutes(10))
        {
            yield return "Reporting:SlowDownAfter must be 00:00:01 to 00:10:00.";
        }
    }
}
