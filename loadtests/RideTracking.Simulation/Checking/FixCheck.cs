namespace RideTracking.Simulation.Checking;

/// <summary>
/// Acknowledged means kept: what a phone was told of its fixes against what the log holds. Where the store has forgotten, exactly what it forgot may be
/// missing.
/// </summary>
internal sealed class FixCheck(Violations violations, LogCheck log)
{
    // What was told to a stream that has died was perhaps not heard, and is told again for two minutes.
    private static readonly TimeSpan ToldAgainFor = TimeSpan.FromSeconds(110);

    private static readonly TimeSpan NoticedWithin = TimeSpan.FromSeconds(100);

    private readonly Dictionary<string, ulong> _toldThrough = new(StringComparer.Ordinal);
    private readonly HashSet<FixKey> _rejected = [];
    private readonly HashSet<FixKey> _missing = [];

    /// <summary>How many fixes were told to be kept that the store forgot, and that nobody has any more.</summary>
    public int Missing => _missing.Count(k => log.Find(k) is null);

    public void Told(FixesTold entry)
    {
        Hear(entry.At, entry.Phone, entry.Rejected);
        if (entry.Through is { } through)
        {
            Check(entry.At, entry.Phone, through, isResume: false);
        }
    }

    public void Resumed(SessionResumed entry)
    {
        Hear(entry.At, entry.Phone, entry.Rejected);
        var told = _toldThrough.GetValueOrDefault(entry.Phone);
        var atClaim = log.AtClaim(entry.DriverId, entry.Epoch, entry.Phone);
        // An older session than a driver's newest goes on after nothing: its phone has let go of what it was told is kept.
        var isKnown = atClaim is not (_, null);
        violations.Require(
            entry.Through >= told || !isKnown || IsForgotten(entry.Phone, entry.Through, told), entry.At, "no session goes on before what was acknowledged",
            $"{entry.Phone} was told {told}, and goes on after {entry.Through}");
        violations.Require(
            atClaim is not (_, { } end) || entry.Through >= end || IsForgotten(entry.Phone, entry.Through, end), entry.At, "a claim knows where the log ended",
            $"{entry.Phone} goes on after {entry.Through}, and the log had {atClaim?.End} when the driver was claimed");
        foreach (var made in log.MadeOf(entry.Phone, told, entry.Through))
        {
            var key = new FixKey(entry.Phone, made.Sequence);
            violations.Require(
                atClaim is null || log.Find(key) is not null || log.ForgottenAt(key) is not { } at || at > atClaim.Value.At, entry.At, "no session goes on after what the store has forgotten",
                $"{entry.Phone} goes on after {entry.Through}, and {made.Sequence} was forgotten at {log.ForgottenAt(key):HH:mm:ss.fff}");
        }

        Check(entry.At, entry.Phone, entry.Through, isResume: true);
    }

    public void Shown(BufferShown entry) =>
        violations.Require(entry.IsSettled, entry.At, "every fix is acknowledged", $"{entry.Phone} still holds {string.Join(' ', entry.Held)}");

    private bool IsForgotten(string phone, ulong after, ulong through) => log.MadeOf(phone, after, through).Any(m => log.ForgottenAt(new FixKey(phone, m.Sequence)) is not null);

    private void Hear(DateTimeOffset at, string phone, ulong[] rejected)
    {
        foreach (var sequence in rejected)
        {
            _rejected.Add(new FixKey(phone, sequence));
            violations.Require(
                log.MadeOf(phone, sequence - 1, sequence).All(m => m.IsMock), at, "only what is not good is rejected", $"{phone} was told that {sequence} is");
        }
    }

    private void Check(DateTimeOffset at, string phone, ulong through, bool isResume)
    {
        foreach (var made in log.MadeOf(phone, _toldThrough.GetValueOrDefault(phone), through))
        {
            var key = new FixKey(phone, made.Sequence);
            var (logged, forgottenAt) = (log.Find(key), log.ForgottenAt(key));
            // Who has not noticed yet that the store has forgotten it tells it for a while.
            violations.Require(
                logged is not null || at - forgottenAt < NoticedWithin, at, isResume ? "no session goes on after what the log holds" : "acknowledged means kept", $"{phone} was told that {made.Sequence} is kept");
            if (logged is null)
            {
                _missing.Add(key);
            }

            violations.Require(
                logged is not { IsRejected: true } || _rejected.Contains(key) || (isResume && at - logged.At > ToldAgainFor), at, "a rejection is told",
                $"{phone} was told {through}, and not that {made.Sequence} was rejected");
        }

        _toldThrough[phone] = Math.Max(through, _toldThrough.GetValueOrDefault(phone));
    }
}
