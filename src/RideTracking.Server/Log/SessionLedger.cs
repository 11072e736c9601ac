using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>What an app is to be told of its fixes.</summary>
/// <param name="Through">All up to this sequence are in the log, or were rejected and told.</param>
/// <param name="Verdicts">Of those that were not plainly accepted.</param>
/// <param name="Waited">How long the oldest of them waited; null when they came by another stream.</param>
public readonly record struct FixesAcknowledged(ulong Through, IReadOnlyList<SequencedVerdict> Verdicts, TimeSpan? Waited);

/// <summary>
/// What has become of one session's fixes: received, appended, logged, acknowledged. Nothing is acknowledged that is not in the
/// log, with its rejection if it was rejected; nothing is written twice; and what was seen before is known by its content alone.
/// Thread-safe; calls nobody.
/// </summary>
/// <remarks>
/// The log appends a session's fixes in order. When it must forget one, the ledger is <see cref="IsBroken"/>: nothing more is
/// written until the app begins again after what is logged, so that an acknowledgement never reaches over a hole.
/// </remarks>
public sealed class SessionLedger
{
    private const int MostLookedThrough = 64;

    private readonly Lock _lock = new();
    private readonly SequenceWindow _window;
    private readonly SessionVerdicts _verdicts;
    private readonly AckSchedule _acks;
    private readonly int _maxUntold;

    // What the store had of the session when it could be asked: up to where, and what the last ones were.
    private ulong _storedThrough;
    private IReadOnlyCollection<SequenceContent> _stored;

    // What was appended before it could; bounded by what may wait for the log.
    private List<SequenceContent>? _unproved;
    private ulong _received;
    private ulong _appended;
    private ulong _logged;
    private ulong _brokenFrom;
    private volatile bool _broken;
    private bool _isInDoubt;
    private ulong? _resendTold;
    private int _run;

    /// <param name="claim">What the store said; null when it could not be asked yet.</param>
    /// <param name="capacity">How many sequences the app may send again.</param>
    /// <param name="pace">When an acknowledgement is due.</param>
    /// <param name="machine">Measures how long fixes waited.</param>
    public SessionLedger(ConnectionClaim? claim, int capacity, AckPace pace, TimeProvider machine)
    {
        _storedThrough = _received = _appended = _logged = claim?.ResumeAfterSequence ?? 0;
        _stored = Known(claim?.Contents ?? []);
        _unproved = claim is null ? [] : null;
        _window = new SequenceWindow(_logged, capacity, claim?.Contents ?? []);
        _verdicts = new SessionVerdicts(machine);
        _acks = new AckSchedule(_logged, pace, machine);
        _maxUntold = pace.EveryVerdicts * 4;
        _verdicts.Add(claim?.Rejections ?? []);
    }

    /// <summary>A fix had to be forgotten; the app must send again what comes after <see cref="LoggedThrough"/>.</summary>
    public bool IsBroken => _broken;

    /// <summary>Every fix up to this sequence that was appended is in the log.</summary>
    public ulong LoggedThrough
    {
        get
        {
            lock (_lock)
            {
                return _logged;
            }
        }
    }

    /// <summary>The app was told of every fix up to this sequence.</summary>
    public ulong ToldThrough
    {
        get
        {
            lock (_lock)
            {
                return _acks.ToldThrough;
            }
        }
    }

    /// <summary>So many verdicts wait to be told that the stream is not to be read until they are.</summary>
    public bool IsFullOfVerdicts
    {
        get
        {
            lock (_lock)
            {
                return _verdicts.UntoldCount >= _maxUntold;
            }
        }
    }

    /// <summary>Whether everything received can be acknowledged.</summary>
    public bool IsAllLogged
    {
        get
        {
            lock (_lock)
            {
                return !_isInDoubt && Through() == _received;
            }
        }
    }

    // A fix comes.

    /// <summary>Whether a fix was seen before; a new one is appended or rejected next.</summary>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="contentHash"><see cref="Fix.ContentHash"/>.</param>
    /// <param name="highest">The highest sequence seen before.</param>
    public SequenceNovelty Observe(ulong sequence, uint contentHash, out ulong highest)
    {
        lock (_lock)
        {
            highest = _window.HighestSequence;
            var novelty = _window.Observe(sequence, contentHash);
            if (novelty == SequenceNovelty.Resent && _verdicts.IsTold(sequence))
            {
                // Its rejection was not heard.
                Arrived(_received);
                _verdicts.TellAgain(sequence);
            }

            return novelty;
        }
    }

    /// <summary>A fix is nothing that the log could take, since its number is another's; the app is to be told so.</summary>
    public void Reject(ulong sequence, in FixVerdict verdict)
    {
        lock (_lock)
        {
            Arrived(sequence);
            _verdicts.Add(sequence, verdict);
        }
    }

    /// <summary>A fix is to go to the log, or its rejection.</summary>
    /// <param name="fix">The fix.</param>
    /// <param name="verdict">What the app is to be told of it, unless it was plainly accepted.</param>
    /// <param name="run">Goes with it to <see cref="MayWrite"/>.</param>
    /// <returns>False when it is not to be written: the log has it, or waits for the app to begin again.</returns>
    internal bool Append(in Fix fix, in FixVerdict verdict, out int run)
    {
        lock (_lock)
        {
            run = _run;
            if (_broken)
            {
                return false;
            }

            Arrived(fix.Sequence);
            if (fix.Sequence <= _storedThrough)
            {
                // The store was asked after the stream was opened.
                HoldAgainstStored(new SequenceContent(fix.Sequence, fix.ContentHash()));
                return false;
            }

            if (fix.Sequence <= _logged)
            {
                // It was on its way to the log when the app was told to send it again.
                return false;
            }

            _appended = fix.Sequence;
            _unproved?.Add(new SequenceContent(fix.Sequence, fix.ContentHash()));
            if (verdict.Outcome != FixOutcome.Accepted)
            {
                _verdicts.Add(fix.Sequence, verdict);
            }

            return true;
        }
    }

    /// <summary>
    /// The app sends again what the log had to forget. When nothing was, or it has not heard yet how much, it changes nothing: an app may
    /// say where it begins at any time.
    /// </summary>
    /// <param name="after">After which sequence it begins.</param>
    public void BeginAgain(ulong after)
    {
        lock (_lock)
        {
            if (_resendTold is not { } through || after > through)
            {
                return;
            }

            // What the log has taken in since it was told comes again too, and is not written twice.
            _resendTold = null;
            _received = _appended = through;
            // What the store said of fixes that it knows is not found out anew by judging them.
            _verdicts.ForgetAfter(Math.Max(through, _storedThrough));
            _window.ForgetAfter(through);
            _run++;
            _broken = false;
        }
    }

    // It goes to the log.

    /// <summary>Whether a fix may still be written: what was forgotten, and what came after it, may not.</summary>
    internal bool MayWrite(ulong sequence, int run)
    {
        lock (_lock)
        {
            return run == _run && sequence > _logged && (!_broken || sequence < _brokenFrom);
        }
    }

    /// <summary>The log has all up to a sequence.</summary>
    internal void Logged(ulong through)
    {
        lock (_lock)
        {
            _logged = Math.Max(_logged, through);
        }
    }

    /// <summary>
    /// A rejection is in the log. Where the app has begun again since, and sends the fix again, it is not judged anew: what the log has is told.
    /// </summary>
    internal void RejectionLogged(ulong sequence, in FixVerdict verdict, int run)
    {
        lock (_lock)
        {
            if (run != _run)
            {
                _verdicts.Add(sequence, verdict);
            }
        }
    }

    /// <summary>A fix that was appended will not be in the log.</summary>
    /// <returns>Whether the app must be asked for it, and was not yet.</returns>
    internal bool Forget(ulong sequence, int run)
    {
        lock (_lock)
        {
            if (_broken || run != _run || sequence <= _logged)
            {
                return false;
            }

            (_brokenFrom, _broken) = (sequence, true);
            return true;
        }
    }

    /// <summary>The store may have forgotten what it said it has: until it is asked, no more is acknowledged.</summary>
    internal void Doubt()
    {
        lock (_lock)
        {
            _isInDoubt = true;
        }
    }

    /// <summary>The store could be asked after all, or anew after it had forgotten.</summary>
    internal void Resume(ConnectionClaim claim)
    {
        lock (_lock)
        {
            (_storedThrough, _stored, _isInDoubt) = (claim.ResumeAfterSequence, Known(claim.Contents), false);
            foreach (var content in _unproved?.Where(_stored.Contains) ?? [])
            {
                // What the log has of it counts, and not what it was judged here.
                _verdicts.Forget(content.Sequence);
            }

            _verdicts.Add(claim.Rejections);
            if (_storedThrough >= _logged)
            {
                foreach (var content in _unproved?.Where(c => c.Sequence <= _storedThrough) ?? [])
                {
                    HoldAgainstStored(content);
                }

                // What was forgotten meanwhile must come again to be held against what is stored.
                _logged = Math.Max(_logged, _broken ? Math.Min(_storedThrough, _brokenFrom - 1) : _storedThrough);
            }
            else if (Math.Max(_storedThrough, _acks.ToldThrough) is var known && known < _logged)
            {
                // The store has lost what the app still holds.
                _logged = known;
                (_brokenFrom, _broken, _resendTold) = (known + 1, true, null);
            }

            _unproved = null;
        }
    }

    // The app is told.

    /// <summary>Whether an acknowledgement should be sent now rather than ride on the next message.</summary>
    public bool IsDue()
    {
        lock (_lock)
        {
            return _acks.IsDue(Through(), MayTell ? _verdicts.UntoldCount : 0);
        }
    }

    /// <summary>The app wants to hear of all that it has sent so far.</summary>
    public void RequestAck()
    {
        lock (_lock)
        {
            _acks.Request(_received);
        }
    }

    /// <summary>What can be acknowledged and was not yet; null when that is nothing.</summary>
    public FixesAcknowledged? TakeAck()
    {
        lock (_lock)
        {
            var through = Through();
            var mayTell = MayTell;
            // Who asks is answered, also when there is nothing new to say.
            return through > _acks.ToldThrough || (mayTell && _verdicts.UntoldCount > 0) || _acks.IsRequested(through)
                ? new FixesAcknowledged(through, mayTell ? _verdicts.TakeUntold() : [], _acks.Told(through))
                : null;
        }
    }

    /// <summary>What is to be told of fixes that were not plainly accepted; the caller tells it.</summary>
    public IReadOnlyList<SequencedVerdict> TakeVerdicts()
    {
        lock (_lock)
        {
            return _verdicts.TakeUntold();
        }
    }

    /// <summary>The sequence to send again after, once each time that the log had to forget something.</summary>
    public ulong? TakeResendAfter()
    {
        if (!_broken)
        {
            return null;
        }

        lock (_lock)
        {
            return _broken && _resendTold is null ? _resendTold = _logged : null;
        }
    }

    // What another node has judged otherwise, and writes when the store is back, is not to be told as rejected by this one meanwhile: unless so much
    // waits to be told that the stream would not be read any more.
    private bool MayTell => (_unproved is null && !_isInDoubt) || _verdicts.UntoldCount >= _maxUntold;

    private void Arrived(ulong sequence)
    {
        _acks.Arrived(isFirst: _received == _acks.ToldThrough && _verdicts.UntoldCount == 0);
        _received = Math.Max(sequence, _received);
    }

    private void HoldAgainstStored(SequenceContent content)
    {
        if (_stored.Contains(content))
        {
            _logged = Math.Max(_logged, content.Sequence);
            return;
        }

        // The next one who is held against this session's contents must find what the log has, not what was refused here.
        _window.Correct(content.Sequence, StoredAs(content.Sequence));
        _verdicts.Add(content.Sequence, FixVerdict.Rejected(FixRejectReason.SequenceReused, _storedThrough + 1, content.Sequence));
    }

    // As many as a phone may send again are looked through quickly; after an outage there may be many more.
    private static IReadOnlyCollection<SequenceContent> Known(IReadOnlyList<SequenceContent> contents) => contents.Count <= MostLookedThrough ? contents : contents.ToHashSet();

    private uint? StoredAs(ulong sequence)
    {
        foreach (var stored in _stored)
        {
            if (stored.Sequence == sequence)
            {
                return stored.ContentHash;
            }
        }

        return null;
    }

    // Rejected fixes need no log: once all that was appended is there, they may be acknowledged too. What the log has and this session has
    // not sent may have been another's under the same number.
    private ulong Through()
    {
        if (_isInDoubt)
        {
            return _acks.ToldThrough;
        }

        var through = _logged >= _appended && !_broken ? _received : Math.Min(_logged, _received);
        return Math.Max(through, _acks.ToldThrough);
    }
}
