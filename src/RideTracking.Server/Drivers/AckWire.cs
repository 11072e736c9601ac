using RideTracking.Server.Log;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>What is told of fixes, as messages.</summary>
internal static class AckWire
{
    /// <summary>What can be acknowledged and was not yet; null when that is nothing.</summary>
    public static FixAck? Take(SessionLedger ledger, FixMetrics metrics)
    {
        if (ledger.TakeAck() is not { } told)
        {
            return null;
        }

        metrics.Acknowledged(told.Waited);
        var ack = new FixAck { ThroughSequence = told.Through };
        ack.Verdicts.AddRange(Of(told.Verdicts));
        return ack;
    }

    /// <summary>Verdicts.</summary>
    public static IEnumerable<FixVerdict> Of(IReadOnlyList<SequencedVerdict> verdicts) => verdicts.Select(v => new FixVerdict
    {
        Sequence = v.Sequence,
        Outcome = (FixOutcome)v.Verdict.Outcome,
        Reason = (FixRejectReason)v.Verdict.Reason,
        Limit = v.Verdict.Limit,
        Measured = v.Verdict.Measured,
    });
}
