using RideTracking.Engine.Ingest;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Drivers;

/// <summary>What is measured of fixes on their way in. Thread-safe, allocates nothing.</summary>
public sealed class FixMetrics
{
    private static readonly KeyValuePair<string, object?>[] Outcomes = Metering.TagPerValue<FixOutcome>("outcome");
    private static readonly KeyValuePair<string, object?>[] Reasons = Metering.TagPerValue<FixRejectReason>("reason");

    // Plain numbers that are read when somebody asks: a counter that is told of each fix costs several per cent of it.
    private readonly long[] _byOutcome = new long[Outcomes.Length];
    private readonly long[] _rejectedByReason = new long[Reasons.Length];
    private readonly AreaCounter _resent;
    private readonly AreaHistogram _ackDelay;

    /// <summary>Made once, by <c>AddTelemetry</c>.</summary>
    public FixMetrics(AreaMeter meter)
    {
        meter.ObservedCounter("ridetracking.fixes", "{fix}", "Fixes judged by the gate, by outcome and, for rejected ones, reason.", Counts);
        _resent = meter.Counter("ridetracking.fixes.resent", "{fix}", "Fixes that the server had already; acknowledged silently.");
        _ackDelay = meter.Delays("ridetracking.fixes.ack_delay", "From a fix's arrival to its acknowledgement.");
    }

    /// <summary>Counts fixes of one verdict; call once for a run of equal ones.</summary>
    public void Judged(FixOutcome outcome, FixRejectReason reason = FixRejectReason.Unspecified, int count = 1)
    {
        if (outcome == FixOutcome.Rejected)
        {
            Interlocked.Add(ref _rejectedByReason[(int)reason], count);
        }
        else
        {
            Interlocked.Add(ref _byOutcome[(int)outcome], count);
        }
    }

    /// <summary>Counts fixes that were sent again.</summary>
    public void Resent(int count) => _resent.Add(count);

    /// <summary>Records how long the oldest fix of an acknowledgement waited for it; not of those that came by another stream.</summary>
    public void Acknowledged(TimeSpan? sinceArrival)
    {
        if (sinceArrival is { } waited)
        {
            _ackDelay.Record(waited);
        }
    }

    private IEnumerable<(long Count, KeyValuePair<string, object?>[] Tags)> Counts()
    {
        for (var outcome = 0; outcome < _byOutcome.Length; outcome++)
        {
            if (Volatile.Read(ref _byOutcome[outcome]) is not 0 and var fixes)
            {
                yield return (fixes, [Outcomes[outcome]]);
            }
        }

        for (var reason = 0; reason < _rejectedByReason.Length; reason++)
        {
            if (Volatile.Read(ref _rejectedByReason[reason]) is not 0 and var fixes)
            {
                yield return (fixes, [Outcomes[(int)FixOutcome.Rejected], Reasons[reason]]);
            }
        }
    }
}
