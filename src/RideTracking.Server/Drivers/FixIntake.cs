using System.Numerics;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Progress;
using RideTracking.Server.Zones;
using Fix = RideTracking.Engine.Ingest.Fix;
using FixOutcome = RideTracking.Engine.Ingest.FixOutcome;
using FixRejectReason = RideTracking.Engine.Ingest.FixRejectReason;
using FixVerdict = RideTracking.Engine.Ingest.FixVerdict;

namespace RideTracking.Server.Drivers;

/// <summary>Where a fix goes: shared by all streams of the node.</summary>
internal sealed record FixPath(GateLimits Limits, DriverIndex Index, PositionFanout Fanout, TripTracking Trips, ZoneTracking Zones, FixLog Log, FixMetrics Metrics, LastRejects Rejects);

/// <summary>
/// The way of one session's fixes: sequence → gate → index → fan-out, → zones, and → log. What has become of them, and what may be
/// acknowledged, is the matter of the <see cref="SessionLedger"/>.
/// </summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class FixIntake
{
    private readonly FixPath _path;
    private readonly int _slot;
    private readonly ulong _session;
    private readonly Carrier _carrier;
    private readonly SessionLedger _ledger;
    private GateState _gate;

    // A bit for each of the last fixes, the newest lowest: whether it was rejected. Nothing is known of those before the first.
    private ulong _rejected;
    private bool _isHeard;

    public FixIntake(FixPath path, Carrier carrier, int slot, ConnectionClaim? claim)
    {
        (_path, _carrier, _ledger, _slot) = (path, carrier, carrier.Ledger, slot);
        _session = SessionNumber(carrier.SessionId);
        if (claim is { LastFix: { } last, LastSessionId: { } lastSession })
        {
            _gate = GateState.FromLastAccepted(last, SessionNumber(lastSession));
        }
    }

    /// <summary>Takes a batch in. Never waits and never throws for what an app may send.</summary>
    public void Receive(Uplink batch, long receivedAtUnixMs)
    {
        if (batch.ResentAfterSequence is { } after)
        {
            _ledger.BeginAgain(after);
        }

        int accepted = 0, historyOnly = 0, resent = 0;
        foreach (ref var fix in batch.Fixes)
        {
            fix.ForgetImplausible();
            if (_carrier.IsLost)
            {
                break;
            }

            if (_ledger.IsBroken)
            {
                ShowOnly(ref fix, batch.SentAtUnixMs, receivedAtUnixMs);
                continue;
            }

            switch (TakeIn(ref fix, batch.SentAtUnixMs, receivedAtUnixMs))
            {
                case FixOutcome.Accepted:
                    accepted++;
                    break;
                case FixOutcome.HistoryOnly:
                    historyOnly++;
                    break;
                case FixOutcome.Unspecified:
                    resent++;
                    break;
                default:
                    break;
            }
        }

        if (batch.AckRequested)
        {
            _ledger.RequestAck();
        }

        Count(accepted, historyOnly, resent);
    }

    private void Count(int accepted, int historyOnly, int resent)
    {
        if (accepted > 0)
        {
            _path.Metrics.Judged(FixOutcome.Accepted, count: accepted);
        }

        if (historyOnly > 0)
        {
            _path.Metrics.Judged(FixOutcome.HistoryOnly, count: historyOnly);
        }

        if (resent > 0)
        {
            _path.Metrics.Resent(resent);
        }
    }

    // Unspecified: an exact resend, which is acknowledged silently.
    private FixOutcome TakeIn(ref Fix fix, long sentAtUnixMs, long receivedAtUnixMs)
    {
        switch (_ledger.Observe(fix.Sequence, fix.ContentHash(), out var highest))
        {
            case SequenceNovelty.Resent:
                return FixOutcome.Unspecified;
            case SequenceNovelty.Reused:
                var reused = FixVerdict.Rejected(FixRejectReason.SequenceReused, highest + 1, fix.Sequence);
                Remember(reused, receivedAtUnixMs);
                _path.Metrics.Judged(reused.Outcome, reused.Reason);
                _ledger.Reject(fix.Sequence, reused);
                return FixOutcome.Rejected;
            default:
                break;
        }

        var verdict = Gate.Judge(ref fix, _session, sentAtUnixMs, receivedAtUnixMs, ref _gate, _path.Limits);
        Remember(verdict, receivedAtUnixMs);
        if (verdict.Outcome == FixOutcome.Rejected)
        {
            _path.Metrics.Judged(verdict.Outcome, verdict.Reason);
            _path.Log.Append(_carrier, fix, verdict, default);
            return FixOutcome.Rejected;
        }

        // Before followers hear of the fix: its progress goes with it.
        _path.Trips.Observe(_slot, fix, verdict.Outcome);
        var status = Show(fix, verdict.Outcome);
        _path.Zones.Observe(_slot, _carrier, fix, verdict.Outcome, status);
        _path.Log.Append(_carrier, fix, verdict, status);
        return verdict.Outcome;
    }

    private DriverStatus Show(in Fix fix, FixOutcome outcome)
    {
        if (outcome != FixOutcome.Accepted)
        {
            return _path.Index.TryGet(_slot, out var present) ? present.Status : default;
        }

        if (_path.Index.Update(_slot, fix, out var change))
        {
            _path.Fanout.Publish(change);
        }

        return change.Current.Status;
    }

    // The log waits for the app to begin again, but the car is shown where it is.
    private void ShowOnly(ref Fix fix, long sentAtUnixMs, long receivedAtUnixMs)
    {
        var verdict = Gate.Judge(ref fix, _session, sentAtUnixMs, receivedAtUnixMs, ref _gate, _path.Limits);
        Show(fix, verdict.Outcome == FixOutcome.Accepted ? FixOutcome.Accepted : FixOutcome.Rejected);
    }

    private void Remember(in FixVerdict verdict, long receivedAtUnixMs)
    {
        var wasRejected = !_isHeard || (_rejected & 1) != 0;
        _isHeard = true;
        _rejected = _rejected << 1 | (verdict.Outcome == FixOutcome.Rejected ? 1UL : 0);
        if ((_rejected & 1) != 0)
        {
            _path.Rejects.Set(_slot, new LastReject(
                verdict, DateTimeOffset.FromUnixTimeMilliseconds(receivedAtUnixMs), BitOperations.TrailingZeroCount(~_rejected), BitOperations.PopCount(_rejected)));
        }
        else if (wasRejected)
        {
            _path.Rejects.Taken(_slot, BitOperations.PopCount(_rejected), DateTimeOffset.FromUnixTimeMilliseconds(receivedAtUnixMs));
        }
    }

    private static ulong SessionNumber(string sessionId) => (ulong)string.GetHashCode(sessionId, StringComparison.Ordinal);
}
