using RideTracking.Server.Log;
using RideTracking.V1;
using FixOutcome = RideTracking.Engine.Ingest.FixOutcome;
using FixVerdict = RideTracking.Engine.Ingest.FixVerdict;

namespace RideTracking.Server.Drivers;

/// <summary>
/// What may be acknowledged of a session's fixes: nothing that is not in the log, or was rejected and told. The end of a
/// fix's way. Thread-safe.
/// </summary>
/// <param name="cursor">How far the log has come.</param>
/// <param name="options">When an acknowledgement is due.</param>
/// <param name="machine">Measures how long fixes waited.</param>
/// <param name="metrics">Counts that.</param>
/// <param name="resumeAfter">What was acknowledged, or could have been, on the streams before.</param>
internal sealed class FixAcks(LogCursor cursor, StreamOptions options, TimeProvider machine, FixMetrics metrics, ulong resumeAfter)
{
    private readonly Lock _lock = new();
    private ulong _receivedThrough = resumeAfter;
    private ulong _appendedThrough = resumeAfter;
    private ulong _acknowledgedThrough = resumeAfter;
    private ulong _ackRequestedThrough;
    private long _unacknowledgedSince;
    private ulong? _resendToldAfter;

    /// <summary>Verdicts that wait to be told; the stream is not read while there are too many.</summary>
    public bool IsFullOfVerdicts => cursor.Verdicts.UntoldCount >= options.AckEveryVerdicts * 4;

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

    /// <summary>Whether an acknowledgement should be sent now rather than ride on the next message.</summary>
    public bool IsDue()
    {
        lock (_lock)
        {
            var through = Through();
            return cursor.Verdicts.UntoldCount >= options.AckEveryVerdicts
                || through - _acknowledgedThrough >= (ulong)options.AckEveryFixes
                || (_ackRequestedThrough != 0 && through >= _ackRequestedThrough)
                || (HasNews(through) && machine.GetElapsedTime(_unacknowledgedSince) >= options.AckInterval);
        }
    }

    /// <summary>The app wants to hear of all that it has sent so far.</summary>
    public void Request()
    {
        lock (_lock)
        {
            _ackRequestedThrough = Math.Max(_receivedThrough, 1);
        }
    }

    /// <summary>A fix goes to the log.</summary>
    public void Kept(ulong sequence, in FixVerdict verdict)
    {
        lock (_lock)
        {
            Arrived(sequence);
            _appendedThrough = sequence;
            if (verdict.Outcome == FixOutcome.HistoryOnly)
            {
                cursor.Verdicts.Add(sequence, verdict);
            }
        }
    }

    /// <summary>A fix does not go to the log, and the app is to be told why.</summary>
    public void Rejected(ulong sequence, in FixVerdict verdict)
    {
        lock (_lock)
        {
            Arrived(Math.Max(sequence, _receivedThrough));
            cursor.Verdicts.Add(sequence, verdict);
        }
    }

    /// <summary>What can be acknowledged and was not yet; null when that is nothing.</summary>
    public FixAck? Take()
    {
        lock (_lock)
        {
            var through = Through();
            // Who asks is answered, also when there is nothing new to say.
            if (!HasNews(through) && (_ackRequestedThrough == 0 || through < _ackRequestedThrough))
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
                metrics.Acknowledged(machine.GetElapsedTime(_unacknowledgedSince));
            }

            _unacknowledgedSince = machine.GetTimestamp();
            return ack;
        }
    }

    /// <summary>What is to be told of fixes that were not plainly accepted; the caller tells it.</summary>
    public IEnumerable<V1.FixVerdict> TakeVerdicts() => cursor.Verdicts.TakeUntold().Select(v => new V1.FixVerdict
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
        if (!cursor.IsBroken || !cursor.IsClaimed)
        {
            return null;
        }

        lock (_lock)
        {
            if (_resendToldAfter is not null)
            {
                return null;
            }

            _resendToldAfter = cursor.LoggedThrough;
            return _resendToldAfter;
        }
    }

    /// <summary>The app sends again what the log had to forget.</summary>
    /// <returns>After which sequence; null when nothing was forgotten: an app may say where it begins at any time.</returns>
    public ulong? BeginAgain()
    {
        lock (_lock)
        {
            if (_resendToldAfter is not { } through)
            {
                return null;
            }

            // What the log has taken in since it was told comes again too, and is not written twice.
            _resendToldAfter = null;
            _receivedThrough = _appendedThrough = through;
            cursor.Verdicts.ForgetAfter(through);
            return through;
        }
    }

    private void Arrived(ulong sequence)
    {
        if (_receivedThrough == _acknowledgedThrough && cursor.Verdicts.UntoldCount == 0)
        {
            _unacknowledgedSince = machine.GetTimestamp();
        }

        _receivedThrough = sequence;
    }

    // Rejected fixes need no log: once all that was appended is there, they may be acknowledged too.
    private ulong Through()
    {
        var logged = cursor.LoggedThrough;
        var through = logged >= _appendedThrough && !cursor.IsBroken ? Math.Max(logged, _receivedThrough) : logged;
        return Math.Max(through, _acknowledgedThrough);
    }

    private bool HasNews(ulong through) => through > _acknowledgedThrough || cursor.Verdicts.UntoldCount > 0;
}
