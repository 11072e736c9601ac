using RideTracking.Server.Log;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>What is told of fixes, as messages.</summary>
internal static class AckWire
{
    /// <summary>An acknowledgement; null for none.</summary>
    public static FixAck? Of(FixesAcknowledged? acknowledged)
    {
        if (acknowledged is not { } told)
        {
            return null;
        }

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
