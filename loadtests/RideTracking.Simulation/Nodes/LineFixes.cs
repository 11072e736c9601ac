using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;
using RideTracking.Simulation.Actors;

namespace RideTracking.Simulation.Nodes;

/// <summary>
/// The way of a stream's fixes into the log, and of what is told of them, as the server's stream goes it. The gate is not simulated: it refuses what an
/// app has made up, and all else is good.
/// </summary>
internal sealed class LineFixes(NodeRun node, Carrier carrier)
{
    private SessionLedger Ledger => carrier.Ledger;

    /// <summary>Takes fixes in.</summary>
    public void Receive(FixReport report)
    {
        if (report.ResentAfter is { } after)
        {
            Ledger.BeginAgain(after);
        }

        var receivedAtUnixMs = node.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var sent in report.Fixes)
        {
            if (carrier.IsLost)
            {
                return;
            }

            var fix = sent;
            fix.FixedAtUnixMs = receivedAtUnixMs - (report.SentAtUnixMs - fix.SensorTimeUnixMs);
            if (Ledger.IsBroken)
            {
                Judge(fix);
            }
            else
            {
                Take(fix);
            }
        }

        if (report.WantsAck)
        {
            Ledger.RequestAck();
        }
    }

    /// <summary>What is to be told now; null for nothing.</summary>
    public ToldOfFixes? Next()
    {
        if (carrier.IsClaimed && Ledger.TakeResendAfter() is { } sequence)
        {
            return With(Ledger.TakeAck(), sequence);
        }

        return Ledger.IsDue() && Ledger.TakeAck() is { } told ? With(told, null) : null;
    }

    private static ToldOfFixes With(FixesAcknowledged? told, ulong? resendAfter) => new(told?.Through, told?.Verdicts ?? [], resendAfter);

    private void Take(Fix fix)
    {
        switch (Ledger.Observe(fix.Sequence, fix.ContentHash(), out var highest))
        {
            case SequenceNovelty.Resent:
                break;
            case SequenceNovelty.Reused:
                Ledger.Reject(fix.Sequence, FixVerdict.Rejected(FixRejectReason.SequenceReused, highest + 1, fix.Sequence));
                break;
            default:
                var verdict = Judge(fix);
                node.Log.Append(carrier, fix, verdict, new DriverStatus(DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected));
                break;
        }
    }

    private FixVerdict Judge(in Fix fix) =>
        fix.IsMock ? FixVerdict.Rejected(FixRejectReason.MockLocation, 0, 1)
        : node.Places.Place(carrier.DriverId, fix) ? FixVerdict.Accepted
        : FixVerdict.HistoryOnly;
}
