namespace RideTracking.Simulation.Checking;

/// <summary>A fix, by the buffer that it comes from and its number there.</summary>
internal readonly record struct FixKey(string Session, ulong Sequence);

/// <summary>
/// The log of fixes as the store has it: batches follow each other; each fix is in it once, in its session's order, as the phone made it, and by the
/// claim that held the driver; what expires is covered by a whole checkpoint.
/// </summary>
internal sealed class LogCheck(Violations violations)
{
    // Of the sessions of a driver only the newest are known.
    private const int MostSessions = 4;

    private readonly Dictionary<FixKey, FixMade> _made = [];
    private readonly HashSet<(string DriverId, long Epoch, string Writer)> _forgottenClaims = [];
    private readonly Dictionary<FixKey, DateTimeOffset> _forgotten = [];
    private State _now = new();
    private State _kept = new();

    /// <summary>How many fixes were ever logged.</summary>
    public int Count { get; private set; }

    /// <summary>How many the store forgot that it had.</summary>
    public int Forgotten => _forgotten.Count;

    /// <summary>All that phones have made, of one of them, after a sequence up to another.</summary>
    public IEnumerable<FixMade> MadeOf(string session, ulong after, ulong through)
    {
        for (var sequence = after + 1; sequence <= through; sequence++)
        {
            if (_made.TryGetValue(new FixKey(session, sequence), out var made))
            {
                yield return made;
            }
        }
    }

    /// <summary>A fix as the log has it; null when it does not.</summary>
    public Logged? Find(FixKey key) => _now.Fixes.GetValueOrDefault(key);

    /// <summary>When the store forgot that it had a fix; null when it did not.</summary>
    public DateTimeOffset? ForgottenAt(FixKey key) => _forgotten.TryGetValue(key, out var at) ? at : null;

    /// <summary>When a driver was claimed, and where a session ended in the log then, null for one that is too old to be known; null where that was forgotten, or never was.</summary>
    public (DateTimeOffset At, ulong? End)? AtClaim(string driverId, long epoch, string session) =>
        _now.Claimed.TryGetValue((driverId, epoch), out var claimed) ? (claimed.At, claimed.Ends.TryGetValue(session, out var end) ? end : 0) : null;

    public void Made(FixMade entry) => _made.Add(new FixKey(entry.Phone, entry.Sequence), entry);

    public void Claimed(DriverClaimed entry)
    {
        _now.Claims[entry.DriverId] = (entry.Epoch, entry.Writer);
        _now.Claimed[(entry.DriverId, entry.Epoch)] = (
            entry.At, _now.SessionsOf(entry.DriverId).Index().ToDictionary(s => s.Item, s => s.Index < MostSessions ? _now.Ends[s.Item] : (ulong?)null, StringComparer.Ordinal));
    }

    public void Stored(BatchLogged entry)
    {
        violations.Require(
            _now.Number == 0 || (entry.Number == _now.Number + 1 && entry.Follows), entry.At, "the log's batches follow each other", $"{entry.Number} comes after {_now.Number}");
        _now.Number = entry.Number;
        foreach (var record in entry.Records)
        {
            Add(entry, record);
        }
    }

    public void Stored(CheckpointStored entry)
    {
        violations.Require(entry.IsWhole, entry.At, "a checkpoint is whole", $"{entry.Number} is not");
        violations.Require(entry.Number <= _now.Number && entry.Segment >= _now.Checkpoint, entry.At, "a checkpoint reaches no further than the log", $"{entry.Number} of {_now.Number}");
        _now.Checkpoint = entry.Segment;
        foreach (var end in entry.Ends.Where(e => _now.SessionsOf(e.DriverId).Take(MostSessions).Contains(e.Session)))
        {
            var covered = _now.Fixes.Where(f => f.Key.Session == end.Session && f.Value.Number <= entry.Number).Select(f => f.Key.Sequence).DefaultIfEmpty().Max();
            violations.Require(covered <= end.Through, entry.At, "a checkpoint has all that comes before it", $"{end.Session} ends at {covered} by batch {entry.Number}, and at {end.Through} in the checkpoint");
            violations.Require(
                end.Through <= _now.Ends.GetValueOrDefault(end.Session), entry.At, "a checkpoint has nothing that the log does not have",
                $"{end.Session} ends at {_now.Ends.GetValueOrDefault(end.Session)} in the log, and at {end.Through} in the checkpoint of batch {entry.Number}");
        }
    }

    public void Expired(SegmentExpired entry)
    {
        violations.Require(entry.Segment < _now.Checkpoint, entry.At, "what expires is covered by a checkpoint", $"segment {entry.Segment} has, and the last checkpoint covers what is before {_now.Checkpoint}");
        _now.Expired.Add(entry.Segment);
    }

    public void Keep() => _kept = _now.Copy();

    public void Forget(DateTimeOffset at)
    {
        foreach (var key in _now.Fixes.Keys.Except(_kept.Fixes.Keys))
        {
            _forgotten[key] = at;
        }

        foreach (var (driverId, (epoch, writer)) in _now.AllClaims().Except(_kept.AllClaims()))
        {
            _forgottenClaims.Add((driverId, epoch, writer));
        }

        _now = _kept.Copy();
    }

    public void Shown(LogShown entry)
    {
        var there = _now.Fixes.Where(f => !_now.Expired.Contains(f.Value.Segment)).Select(f => (f.Key.Session, f.Key.Sequence)).ToHashSet();
        violations.Require(there.SetEquals(entry.Fixes), entry.At, "only scripts change the log", $"{entry.Fixes.Except(there).Count()} too many, {there.Except(entry.Fixes).Count()} too few");
    }

    private void Add(BatchLogged entry, LogRecordRead record)
    {
        var key = new FixKey(record.Session, record.Sequence);
        // Whoever writes by a claim that the store has forgotten knows nothing of the one that followed: nobody could tell it.
        var isForgotten = _forgottenClaims.Contains((record.DriverId, record.Epoch, entry.Writer));
        violations.Require(
            _made.TryGetValue(key, out var made) && made.DriverId == record.DriverId && made.Content == record.Content && made.IsMock == record.IsRejected, entry.At, "a fix is logged as it was sent",
            $"{record} is not {made?.Line}");
        violations.Require(
            isForgotten || _now.Claims.GetValueOrDefault(record.DriverId) == (record.Epoch, entry.Writer), entry.At, "only the claim that holds the driver writes",
            $"{record} was written by {entry.Writer}, and {_now.Claims.GetValueOrDefault(record.DriverId)} holds the driver");
        var before = Find(key);
        // Of a session that was no more among the driver's newest, its phone may have sent again what was not acknowledged.
        var isDoubtful = isForgotten || before is { IsDoubtful: true } || before?.Number <= _now.UnknownAt.GetValueOrDefault(record.Session);
        violations.Require(isDoubtful || before is null, entry.At, "a fix is logged once", $"{record} is in the batches {before?.Number} and {entry.Number}");
        violations.Require(
            isDoubtful || before is not null || record.Sequence > _now.Ends.GetValueOrDefault(record.Session), entry.At, "a session's fixes are logged in order",
            $"{record} comes after {_now.Ends.GetValueOrDefault(record.Session)}");
        Count += before is null ? 1 : 0;
        _now.Fixes[key] = new Logged(entry.Number, entry.Segment, record.IsRejected, entry.At, isForgotten);
        _now.Ends[record.Session] = Math.Max(record.Sequence, _now.Ends.GetValueOrDefault(record.Session));
        _now.Wrote(record.DriverId, record.Session, entry.Number);
    }

    /// <summary>Where a fix stands in the log.</summary>
    /// <param name="Number">The batch.</param>
    /// <param name="Segment">Its segment.</param>
    /// <param name="IsRejected">Whether it is the rejection of one.</param>
    /// <param name="At">When it was written.</param>
    /// <param name="IsDoubtful">Whether it was by a claim that the store has forgotten.</param>
    internal sealed record Logged(ulong Number, long Segment, bool IsRejected, DateTimeOffset At, bool IsDoubtful);

    /// <summary>What the store has.</summary>
    private sealed class State
    {
        public ulong Number { get; set; }

        public long Checkpoint { get; set; }

        public Dictionary<FixKey, Logged> Fixes { get; private init; } = [];

        public Dictionary<string, ulong> Ends { get; private init; } = new(StringComparer.Ordinal);

        public Dictionary<string, (long Epoch, string Writer)> Claims { get; private init; } = new(StringComparer.Ordinal);

        public Dictionary<(string DriverId, long Epoch), (DateTimeOffset At, Dictionary<string, ulong?> Ends)> Claimed { get; private init; } = [];

        public HashSet<long> Expired { get; private init; } = [];

        /// <summary>The last batch at which a session was none of its driver's newest any more.</summary>
        public Dictionary<string, ulong> UnknownAt { get; private init; } = new(StringComparer.Ordinal);

        private Dictionary<string, string[]> Sessions { get; init; } = new(StringComparer.Ordinal);

        /// <summary>The sessions of a driver that ever were in the log, the one that was there last first.</summary>
        public string[] SessionsOf(string driverId) => Sessions.GetValueOrDefault(driverId) ?? [];

        /// <summary>A session is in the log again.</summary>
        public void Wrote(string driverId, string session, ulong number)
        {
            if (SessionsOf(driverId).FirstOrDefault() != session)
            {
                Sessions[driverId] = [session, .. SessionsOf(driverId).Where(s => s != session)];
                foreach (var unknown in SessionsOf(driverId).Skip(MostSessions))
                {
                    UnknownAt[unknown] = number;
                }
            }
        }

        public IEnumerable<(string, (long, string))> AllClaims() => Claims.Select(c => (c.Key, c.Value));

        public State Copy() => new()
        {
            Number = Number,
            Checkpoint = Checkpoint,
            Fixes = new(Fixes),
            Ends = new(Ends, StringComparer.Ordinal),
            Claims = new(Claims, StringComparer.Ordinal),
            Claimed = new(Claimed),
            Sessions = new(Sessions, StringComparer.Ordinal),
            UnknownAt = new(UnknownAt, StringComparer.Ordinal),
            Expired = [.. Expired],
        };
    }
}
