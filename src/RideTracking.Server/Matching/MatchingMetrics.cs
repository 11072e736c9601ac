using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Matching;

/// <summary>What the company's own matcher made of a round.</summary>
internal enum HookOutcome
{
    /// <summary>It answered in time, and its pairs were asked.</summary>
    Answered,

    /// <summary>Its answer did not come in time.</summary>
    Late,

    /// <summary>It named somebody who was not a candidate, or somebody twice.</summary>
    Invalid,
}

/// <summary>What is measured of matching. Thread-safe.</summary>
internal sealed class MatchingMetrics
{
    private static readonly KeyValuePair<string, object?>[] Outcomes = Metering.TagPerValue<HookOutcome>("outcome");

    private readonly AreaHistogram _rounds;
    private readonly AreaCounter _pairs;
    private readonly AreaCounter _hook;

    public MatchingMetrics(AreaMeter meter)
    {
        _rounds = meter.Delays("ridetracking.matching.round_time", "From looking at open requests to the last offer made.");
        _pairs = meter.Counter("ridetracking.matching.pairs", "{pair}", "Drivers chosen for a request.");
        _hook = meter.Counter("ridetracking.matching.hook", "{round}", "Rounds that the company's own matcher was asked for, by outcome.");
    }

    public void Round(TimeSpan took, int pairs)
    {
        _rounds.Record(took);
        _pairs.Add(pairs);
    }

    public void Hook(HookOutcome outcome) => _hook.Add(1, Outcomes[(int)outcome]);
}
