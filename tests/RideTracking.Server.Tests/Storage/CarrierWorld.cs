using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;

namespace RideTracking.Server.Tests.Storage;

/// <summary>
/// One driver's phones, their streams to a node, its log and its store, as a model: only carriers and ledgers are the server's. Messages
/// are lost, late, or done without a reply, as somebody else says; what must hold is checked as it happens.
/// </summary>
internal sealed class CarrierWorld
{
    /// <summary>Fixes that may wait for the log.</summary>
    public const int MaxWaiting = 8;

    private const int MaxBatch = 4;

    private readonly ModelStore _store = new();
    private readonly Carriers _carriers = new(new LogWriter(() => "w"));
    private readonly WaitingFixes _waiting = new(MaxWaiting);
    private readonly List<(ClaimRequest Request, DriverClaim? Follows)> _onTheirWay = [];
    private readonly List<Carrier> _unclaimed = [];
    private readonly Dictionary<int, int> _rejections = [];
    private readonly Phone[] _phones = [new("a"), new("b")];
    private LogRecord[] _batch = [];
    private List<LogRecord>? _composed;
    private long _batchNumber = 1;
    private int _contents;

    /// <summary>Streams that were acknowledged something, rejections told, and so on: that the model is no desert.</summary>
    public int Acknowledged { get; private set; }

    public void Connect(int phone, int how)
    {
        var device = _phones[phone];
        (device.Stream, device.SentThrough) = (null, 0);
        var request = new ClaimRequest("d", device.Session, DeviceAttempt.Of(device.Id, ++device.Attempt)) { EpochFloor = _carriers.Of("d")?.LastClaim?.Epoch ?? 0 };
        ConnectionClaim? claim = null;
        switch (how)
        {
            case < 4:
                claim = _store.Claim(request, _store.Holder);
                break;
            case 4:
                _store.Claim(request, _store.Holder); // Done, and nobody hears of it.
                break;
            case 5:
                _onTheirWay.Add((request, _store.Holder));
                break;
            default:
                break; // The store is away.
        }

        var carrier = new Carrier(request, claim, new SessionLedger(claim, 64, new AckPace(2, 2, TimeSpan.Zero), TimeProvider.System), Task.CompletedTask);
        if (_carriers.Add(carrier) is { } leaves)
        {
            Carriers.Dismiss(leaves, default);
        }

        if (claim is null)
        {
            _unclaimed.Add(carrier);
        }

        device.Stream = carrier;
        if (claim is not null)
        {
            if (claim.ResumeAfterSequence > device.Highest || (device.IsRestored && claim.ResumeAfterSequence > 0))
            {
                // Restored from a backup. An app that had numbered as many since would not notice; here it does.
                Disconnect(phone);
                device.BeginSession();
                return;
            }

            Tell(device, carrier.Ledger.TakeVerdicts());
            Heard(device, carrier.Ledger.LoggedThrough);
            device.IsRestored = false;
        }
    }

    /// <summary>A claim that was long on its way arrives.</summary>
    public void ClaimArrives()
    {
        if (_onTheirWay.Count > 0)
        {
            var (request, follows) = _onTheirWay[0];
            _onTheirWay.RemoveAt(0);
            _store.Claim(request, follows);
        }
    }

    public void Disconnect(int phone)
    {
        if (_phones[phone].Stream is { } carrier)
        {
            _phones[phone].Stream = null;
            carrier.End();
            _carriers.Remove(carrier);
            if (!carrier.IsClaimed)
            {
                carrier.Lose(CarrierLoss.Ended);
                _unclaimed.Remove(carrier);
            }
        }
    }

    /// <summary>The phone takes a fix; if it is online it sends what it has not sent, or once more all that it holds.</summary>
    /// <param name="phone">Which.</param>
    /// <param name="all">Whether it sends once more what it has sent.</param>
    /// <param name="rejections">How often the fix is rejected before it is not: what was too frequent once need not be so again.</param>
    public void Drive(int phone, bool all, int rejections)
    {
        var device = _phones[phone];
        device.Record(new ModelFix(++_contents, rejections));
        foreach (var (sequence, fix) in device.Held.Where(h => all || h.Key > device.SentThrough).ToArray())
        {
            Send(device, sequence, fix);
        }
    }

    /// <summary>The phone's data is put back to a copy: its next fixes get numbers that others have.</summary>
    /// <param name="phone">Which.</param>
    /// <param name="isOfBackUp">To what <see cref="BackUp"/> copied; else to what it was when its session began.</param>
    public void Restore(int phone, bool isOfBackUp = false)
    {
        Disconnect(phone);
        _phones[phone].Restore(isOfBackUp);
    }

    /// <summary>The phone's data is copied, for <see cref="Restore"/>, which may come sessions later.</summary>
    public void BackUp(int phone) => _phones[phone].BackUp();

    /// <summary>The log's loop goes round once.</summary>
    /// <param name="how">Whether a claim is heard, and whether an append is done and heard, done and not heard, or not done.</param>
    public void Log(int how)
    {
        if (_batch.Length == 0)
        {
            _batch = new LogRecord[MaxBatch];
            Array.Resize(ref _batch, _waiting.Take(_batch));
        }

        foreach (var carrier in _unclaimed.ToArray())
        {
            if (!carrier.IsLost)
            {
                var request = carrier.Request with { Before = carrier.LastClaim, EpochFloor = carrier.LastClaim?.Epoch ?? carrier.Request.EpochFloor };
                var claim = _store.Claim(request, _store.Holder);
                if (how == 3)
                {
                    return; // Done, and the connection broke.
                }

                if (claim is null)
                {
                    carrier.Lose(CarrierLoss.TakenOver);
                }
                else
                {
                    carrier.Claimed(claim);
                }
            }

            _unclaimed.Remove(carrier);
        }

        if (how != 2)
        {
            Append(isHeard: how != 1);
        }
    }

    /// <summary>The node says what it has to say to a phone, which hears it, or is gone.</summary>
    public void Answer(int phone, bool isHeard)
    {
        var device = _phones[phone];
        if (device.Stream is not { } carrier)
        {
            return;
        }

        if (carrier.IsLost)
        {
            Disconnect(phone);
            return;
        }

        if (carrier.IsClaimed && carrier.Ledger.TakeResendAfter() is { } after && isHeard)
        {
            carrier.Ledger.BeginAgain(after);
            foreach (var (sequence, fix) in device.Held.Where(h => h.Key > after).ToArray())
            {
                Send(device, sequence, fix);
            }
        }

        var acknowledged = carrier.Ledger.TakeAck();
        if (!isHeard)
        {
            Disconnect(phone);
        }
        else if (acknowledged is { } told)
        {
            var reused = Tell(device, told.Verdicts);
            Heard(device, told.Through);
            if (reused)
            {
                Disconnect(phone);
                device.BeginSession();
            }
        }
    }

    /// <summary>What must hold of all at any time.</summary>
    public void Check()
    {
        var known = _store.Log.Where(l => !_store.Forgotten.Contains(l.Session)).ToList();
        Assert.Equal(known.Count, known.DistinctBy(l => (l.Session, l.Sequence)).Count());
        var speaking = _phones.Select(p => p.Stream).OfType<Carrier>().Where(c => !c.IsLost).ToList();
        Assert.InRange(speaking.Count, 0, 1);
        Assert.All(speaking, c => Assert.Equal(c, _carriers.Of("d")));
    }

    private void Append(bool isHeard)
    {
        if (_composed is { } composed)
        {
            _composed = null;
            if (_store.Has(_batchNumber))
            {
                Written(composed);
            }
        }

        while (true)
        {
            var kept = _batch.Where(r => r.Carrier.MayWrite(r.Fix.Sequence, r.Run)).ToList();
            if (kept.Count == 0)
            {
                _batchNumber++;
                _batch = [];
                return;
            }

            if (_store.Marks.Count > 0 && !_store.Has(_batchNumber))
            {
                var open = _batch.Select(r => r.Carrier).Append(_carriers.Of("d")).OfType<Carrier>().ToHashSet();
                _waiting.ForEach(record => open.Add(record.Carrier));
                foreach (var mark in _store.Marks)
                {
                    open.ToList().ForEach(carrier => _carriers.Fence(carrier, mark));
                }

                _store.Marks.Clear();
                continue;
            }

            foreach (var record in kept)
            {
                record.Carrier.BatchThrough = record.Fix.Sequence;
            }

            _store.Append(_batchNumber, kept);
            if (isHeard)
            {
                Written(kept);
                _batch = [];
            }
            else
            {
                _composed = kept;
            }

            return;
        }
    }

    private void Written(List<LogRecord> records)
    {
        _batchNumber++;
        foreach (var record in records.Where(r => r.Verdict.Outcome == FixOutcome.Rejected))
        {
            record.Carrier.Ledger.RejectionLogged(record.Fix.Sequence, record.Verdict, record.Run);
        }

        foreach (var carrier in records.Select(r => r.Carrier).Distinct())
        {
            carrier.Logged();
        }
    }

    private void Send(Phone device, ulong sequence, ModelFix fix)
    {
        if (device.Stream is not { IsLost: false } carrier || carrier.Ledger.IsBroken)
        {
            return;
        }

        var sent = fix.At(sequence);
        device.SentThrough = Math.Max(device.SentThrough, sequence);
        switch (carrier.Ledger.Observe(sequence, sent.ContentHash(), out var highest))
        {
            case SequenceNovelty.Resent:
                return;
            case SequenceNovelty.Reused:
                carrier.Ledger.Reject(sequence, FixVerdict.Rejected(FixRejectReason.SequenceReused, highest + 1, sequence));
                return;
            default:
                break;
        }

        var verdict = FixVerdict.Accepted;
        if (_rejections.GetValueOrDefault(fix.Content) is var rejections && rejections < fix.Rejections)
        {
            _rejections[fix.Content] = rejections + 1;
            verdict = FixVerdict.Rejected(FixRejectReason.TooInaccurate, 500, 900);
        }

        if (_waiting.IsFull)
        {
            var oldest = _waiting.TakeOldest();
            oldest.Carrier.Ledger.Forget(oldest.Fix.Sequence, oldest.Run);
        }

        if (carrier.Ledger.Append(sent, verdict, out var run))
        {
            _waiting.Add(new LogRecord { Carrier = carrier, Fix = sent, Run = run, Verdict = verdict });
        }
    }

    private static bool Tell(Phone device, IReadOnlyList<SequencedVerdict> verdicts)
    {
        foreach (var (sequence, verdict) in verdicts)
        {
            device.Told.Add((sequence, verdict.Reason));
        }

        return verdicts.Any(v => v.Verdict.Reason == FixRejectReason.SequenceReused);
    }

    // The phone forgets what it need not send again: all of it is in the log as it was taken, or was refused and told.
    private void Heard(Phone device, ulong through)
    {
        foreach (var (sequence, fix) in device.Held.Where(h => h.Key <= through).ToArray())
        {
            var isLogged = _store.Log.Contains((device.Session, sequence, fix.At(sequence).ContentHash()));
            var isRefused = device.Told.Contains((sequence, FixRejectReason.SequenceReused));
            Assert.True(isLogged || isRefused || (fix.Rejections > 0 && device.Told.Contains((sequence, FixRejectReason.TooInaccurate))), $"{device.Id} {sequence} is acknowledged and lost");
            Acknowledged++;
            if (!isRefused || isLogged)
            {
                device.Held.Remove(sequence);
            }
        }
    }

    private sealed record ModelFix(int Content, int Rejections)
    {
        public Fix At(ulong sequence) => new() { Sequence = sequence, LatitudeE7 = Content, FixedAtUnixMs = 1 };
    }

    private sealed class Phone(string id)
    {
        private int _sessions;
        private int _session;
        private (int Session, ulong Highest, SortedDictionary<ulong, ModelFix> Held) _copy = (0, 0, []);

        public string Id => id;

        public string Session => $"{id}{_session}";

        public ulong Attempt { get; set; }

        public ulong Highest { get; private set; }

        public Carrier? Stream { get; set; }

        public ulong SentThrough { get; set; }

        public SortedDictionary<ulong, ModelFix> Held { get; private set; } = [];

        public HashSet<(ulong Sequence, FixRejectReason Reason)> Told { get; } = [];

        public void Record(ModelFix fix) => Held[++Highest] = fix;

        // What it holds gets new numbers in a new session.
        public void BeginSession()
        {
            _session = ++_sessions; // Names of sessions are random: also a phone that was put back never gives one again.
            var held = Held.Values.ToList();
            (Highest, Held, IsRestored) = (0, [], false);
            Told.Clear();
            held.ForEach(Record);
        }

        /// <summary>It has not heard where the log ends since it was put back.</summary>
        public bool IsRestored { get; set; }

        public void BackUp() => _copy = (_session, Highest, new(Held));

        public void Restore(bool isOfBackUp)
        {
            IsRestored = true;
            (_session, Highest, Held) = (isOfBackUp ? _copy.Session : _session, isOfBackUp ? _copy.Highest : 0, isOfBackUp ? new(_copy.Held) : []);
            Told.Clear();
        }
    }
}
