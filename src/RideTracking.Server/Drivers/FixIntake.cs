using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;
using RideTracking.Server.Progress;
using RideTracking.Server.Zones;
using RideTracking.V1;
using Fix = RideTracking.Engine.Ingest.Fix;
using FixOutcome = RideTracking.Engine.Ingest.FixOutcome;
using FixRejectReason = RideTracking.Engine.Ingest.FixRejectReason;
using FixVerdict = RideTracking.Engine.Ingest.FixVerdict;

namespace RideTracking.Server.Drivers;

/// <summary>Where a fix goes: shared by all streams of the node.</summary>
public sealed record FixPath(GateLimits Limits, DriverIndex Index, PositionFanout Fanout, TripTracking Trips, ZoneTracking Zones, FixLog Log, FixMetrics Metrics);

/// <summary>
/// The way of one session's fixes: sequence → gate → index → fan-out, → zones, and → log; and what may be acknowledged of them.
/// </summary>
/// <remarks><see cref="Receive"/> is called by one thread at a time; the rest from any.</remarks>
internal sealed class FixIntake
{
    private readonly FixPath _path;
    private readonly StreamOptions _options;
    private readonly TimeProvider _machine;
    private readonly int _slot;
    private readonly ulong _session;
    private readonly Lock _lock = new();
    private GateState _gate;
    private SequenceWindow _window;
    private ulong _receivedThrough;
    private ulong _appendedThrough;
    private ulong _acknowledgedThrough;
    private ulong _ackRequestedThrough;
    private long _unacknowledgedSince;
    private bool _resendTold;

    public FixIntake(FixPath path, StreamOptions options, TimeProvider machine, LogCursor cursor, int slot, ConnectionClaim? claim)
    {
        _path = path;
        _options = options;
        _machine = machine;
        _slot = slot;
        _session = SessionNumber(cursor.SessionId);
        Cursor = cursor;
        var resumeAfter = claim?.ResumeAfterSequence ?? 0;
        _window = new SequenceWindow(resumeAfter);
        _receivedThrough = _appendedThrough = _acknowledgedThrough = resumeAfter;
        if (claim is { LastFix: { } last, LastSessionId: { } lastSession })
        {
            _gate = GateState.FromLastAccepted(last, SessionNumber(lastSession));
        }
    }

    public LogCursor Cursor { get; }

    /// <summary>Verdicts that wait to be told; the stream is not read while there are too many.</summary>
    public bool IsFullOfVerdicts => Cursor.Verdicts.UntoldCount >= _options.AckEveryVerdicts * 4;

    /// <summary>Takes a batch in. Never waits and never throws for what an app may send.</summary>
    public void Receive(Uplink batch, long receivedAtUnixMs)
    {
        if (batch.ResentAfterSequence is not null)
        {
            BeginAgain();
        }

        int accepted = 0, historyOnly = 0, resent = 0;
        foreach (ref var fix in batch.Fixes)
        {
            if (Cursor.IsBroken)
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
            lock (_lock)
            {
                _ackRequestedThrough = Math.Max(_receivedThrough, 1);
            }
        }

        Count(accepted, historyOnly, resent);
    }

    /// <summary>Whether an acknowledgement should be sent now rather than ride on the next message.</summary>
    public bool IsAckDue()
    {
        lock (_lock)
        {
            var through = Through();
            return Cursor.Verdicts.UntoldCount >= _options.AckEveryVerdicts
                || through - _acknowledgedThrough >= (ulong)_options.AckEveryFixes
                || (_ackRequestedThrough != 0 && through >= _ackRequestedThrough)
                || (HasNews(through) && _machine.GetElapsedTime(_unacknowledgedSince) >= _options.AckInterval);
        }
    }

    /// <summary>Whether everything received can be acknowledged.</summary>
    public bool IsAllLogged
    {
        get
        {
            lock (_lock)
            {
                return Through() == _receivedThrough;
            }
        }
    }

    /// <summary>What can be acknowledged and was not yet; null when that is nothing.</summary>
    public FixAck? TakeAck()
    {
        lock (_lock)
        {
            var through = Through();
            if (!HasNews(through))
            {
                return null;
            }

            var ack = new FixAck { ThroughSequence = through };
            ack.Verdicts.AddRange(TakeVerdicts());
            _acknowledgedThrough = through;
            if (through >= _ackRequestedThrough)
            {
                _ackRequestedThrough = 0;
            }

            if (_unacknowledgedSince != 0)
            {
                // Zero: only a resume point that came late is told, of fixes that arrived on another stream.
                _path.Metrics.Acknowledged(_machine.GetElapsedTime(_unacknowledgedSince));
            }

            _unacknowledgedSince = _machine.GetTimestamp();
            return ack;
        }
    }

    /// <summary>What is to be told of fixes that were not plainly accepted; the caller tells it.</summary>
    public IEnumerable<V1.FixVerdict> TakeVerdicts() => Cursor.Verdicts.TakeUntold().Select(v => new V1.FixVerdict
    {
        Sequence = v.Sequence,
        Outcome = (V1.FixOutcome)v.Verdict.Outcome,
        Reason = (V1.FixRejectReason)v.Verdict.Reason,
        Limit = v.Verdict.Limit,
        Measured = v.Verdict.Measured,
    });

    /// <summary>The sequence to send again after, once each time that the log had to forget something.</summary>
    public ulong? TakeResendAfter()
    {
        if (!Cursor.IsBroken || !Cursor.IsClaimed)
        {
            return null;
        }

        lock (_lock)
        {
            if (_resendTold)
            {
                return null;
            }

            _resendTold = true;
            return Cursor.LoggedThrough;
        }
    }

    /// <summary>The app sends again what the log had to forget.</summary>
    public void BeginAgain()
    {
        lock (_lock)
        {
            if (!_resendTold)
            {
                return; // Nothing was forgotten; an app may say where it begins at any time.
            }

            _resendTold = false;
            var through = Cursor.LoggedThrough;
            _window.ForgetAfter(through);
            _receivedThrough = _appendedThrough = through;
            Cursor.Verdicts.ForgetAfter(through);
        }

        _path.Log.BeginAgain(Cursor);
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
        switch (_window.Observe(fix.Sequence, fix.ContentHash()))
        {
            case SequenceNovelty.Resent:
                return FixOutcome.Unspecified;
            case SequenceNovelty.Reused:
                Reject(fix.Sequence, FixVerdict.Rejected(FixRejectReason.SequenceReused, _window.HighestSequence + 1, fix.Sequence));
                return FixOutcome.Rejected;
            default:
                break;
        }

        var verdict = Gate.Judge(ref fix, _session, sentAtUnixMs, receivedAtUnixMs, ref _gate, _path.Limits);
        if (verdict.Outcome == FixOutcome.Rejected)
        {
            Reject(fix.Sequence, verdict);
            return FixOutcome.Rejected;
        }

        // Before followers hear of the fix: its progress goes with it.
        _path.Trips.Observe(_slot, fix, verdict.Outcome);
        var status = Show(fix, verdict.Outcome);
        _path.Zones.Observe(_slot, Cursor.SessionId, fix, verdict.Outcome, status);
        Keep(fix.Sequence, verdict);
        _path.Log.Append(Cursor, fix, verdict.Outcome, status);
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

    private void Keep(ulong sequence, in FixVerdict verdict)
    {
        lock (_lock)
        {
            Arrived(sequence);
            _appendedThrough = sequence;
            if (verdict.Outcome == FixOutcome.HistoryOnly)
            {
                Cursor.Verdicts.Add(sequence, verdict);
            }
        }
    }

    private void Reject(ulong sequence, in FixVerdict verdict)
    {
        _path.Metrics.Judged(verdict.Outcome, verdict.Reason);
        lock (_lock)
        {
            Arrived(Math.Max(sequence, _receivedThrough));
            Cursor.Verdicts.Add(sequence, verdict);
        }
    }

    private void Arrived(ulong sequence)
    {
        if (_receivedThrough == _acknowledgedThrough && Cursor.Verdicts.UntoldCount == 0)
        {
            _unacknowledgedSince = _machine.GetTimestamp();
        }

        _receivedThrough = sequence;
    }

    // Rejected fixes need no log: once all that was appended is there, they may be acknowledged too.
    private ulong Through()
    {
        var logged = Cursor.LoggedThrough;
        var through = logged >= _appendedThrough && !Cursor.IsBroken ? Math.Max(logged, _receivedThrough) : logged;
        return Math.Max(through, _acknowledgedThrough);
    }

    private bool HasNews(ulong through) => through > _acknowledgedThrough || Cursor.Verdicts.UntoldCount > 0;

    private static ulong SessionNumber(string sessionId) => (ulong)string.GetHashCode(sessionId, StringComparison.Ordinal);
}
