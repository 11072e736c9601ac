using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>A verdict and the fix that it is about.</summary>
public readonly record struct SequencedVerdict(ulong Sequence, FixVerdict Verdict);

/// <summary>Verdicts of a session's fixes that were not plainly accepted: those to be told, and rejections told lately.</summary>
/// <remarks>
/// What was written to a connection that has just died was not heard. So the log has rejections too, and the next connection tells those
/// again that are younger than <see cref="HeardAfter"/>: no resume point reaches over a rejection that the app never heard of, but for those
/// beyond <see cref="MaxTold"/>, which is one whole message of them. Not thread-safe: <see cref="SessionLedger"/> holds its lock.
/// </remarks>
internal sealed class SessionVerdicts(TimeProvider machine)
{
    /// <summary>Most rejections that were told and perhaps not heard: a whole message of them.</summary>
    public const int MaxTold = 500;

    internal static readonly TimeSpan HeardAfter = TimeSpan.FromMinutes(2);

    private List<SequencedVerdict>? _untold;
    private List<(SequencedVerdict Verdict, long At)>? _told;

    /// <summary>How many wait to be told.</summary>
    public int UntoldCount => _untold?.Count ?? 0;

    /// <summary>There is something to tell.</summary>
    public void Add(ulong sequence, in FixVerdict verdict) => (_untold ??= []).Add(new SequencedVerdict(sequence, verdict));

    /// <summary>There are some to tell that may not have been heard.</summary>
    public void Add(IReadOnlyList<SequencedVerdict> verdicts)
    {
        if (verdicts.Count > 0)
        {
            (_untold ??= []).AddRange(verdicts);
        }
    }

    /// <summary>Whether a fix was rejected, and the app told so.</summary>
    public bool IsTold(ulong sequence) => _told is not null && _told.Exists(t => t.Verdict.Sequence == sequence);

    /// <summary>The app has not heard of a rejection.</summary>
    public void TellAgain(ulong sequence)
    {
        var at = _told!.FindIndex(t => t.Verdict.Sequence == sequence);
        (_untold ??= []).Add(_told[at].Verdict);
        _told.RemoveAt(at);
    }

    /// <summary>Takes what is to be told.</summary>
    public IReadOnlyList<SequencedVerdict> TakeUntold()
    {
        if (_untold is not { Count: > 0 } taken)
        {
            return [];
        }

        _untold = null;
        var now = machine.GetTimestamp();
        ForgetHeard(now);
        foreach (var verdict in taken.Where(v => v.Verdict.Outcome == FixOutcome.Rejected))
        {
            (_told ??= []).Add((verdict, now));
        }

        if (_told?.Count > MaxTold)
        {
            _told.RemoveRange(0, _told.Count - MaxTold);
        }

        return taken;
    }

    /// <summary>The app sends again what came after a sequence: it is judged anew.</summary>
    public void ForgetAfter(ulong sequence)
    {
        _untold?.RemoveAll(v => v.Sequence > sequence);
        _told?.RemoveAll(t => t.Verdict.Sequence > sequence);
    }

    /// <summary>What was to be told of a fix is not: it was another's to judge.</summary>
    public void Forget(ulong sequence) => _untold?.RemoveAll(v => v.Sequence == sequence);

    private void ForgetHeard(long now)
    {
        _told?.RemoveAll(t => machine.GetElapsedTime(t.At, now) > HeardAfter);
        if (_told is { Count: 0 })
        {
            _told = null;
        }
    }
}
