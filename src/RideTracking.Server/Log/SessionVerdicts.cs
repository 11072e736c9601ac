using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>A verdict and the fix that it is about.</summary>
public readonly record struct SequencedVerdict(ulong Sequence, FixVerdict Verdict);

/// <summary>Verdicts of a session's fixes that were not plainly accepted: those to be told, and rejections told lately.</summary>
/// <remarks>
/// What was written to a connection that has just died was not heard. So the log writes rejections beside the driver's
/// last fix until <see cref="HeardAfter"/> have passed since they were told, and the next connection tells them again:
/// no resume point reaches over a rejection that the app never heard of. Thread-safe.
/// </remarks>
public sealed class SessionVerdicts(TimeProvider machine)
{
    private static readonly TimeSpan HeardAfter = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private volatile List<SequencedVerdict>? _untold;
    private volatile List<(SequencedVerdict Told, long At)>? _rejectionsTold;

    /// <summary>How many wait to be told.</summary>
    public int UntoldCount => _untold?.Count ?? 0;

    /// <summary>There is something to tell.</summary>
    public void Add(ulong sequence, in FixVerdict verdict)
    {
        lock (_lock)
        {
            (_untold ??= []).Add(new SequencedVerdict(sequence, verdict));
        }
    }

    /// <summary>Takes what is to be told.</summary>
    public IReadOnlyList<SequencedVerdict> TakeUntold()
    {
        lock (_lock)
        {
            if (_untold is not { Count: > 0 } taken)
            {
                return [];
            }

            _untold = null;
            var now = machine.GetTimestamp();
            ForgetHeard(now);
            foreach (var told in taken.Where(v => v.Verdict.Outcome == FixOutcome.Rejected))
            {
                (_rejectionsTold ??= []).Add((told, now));
            }

            return taken;
        }
    }

    /// <summary>The app sends again what came after a sequence: it is judged anew.</summary>
    public void ForgetAfter(ulong sequence)
    {
        lock (_lock)
        {
            _untold?.RemoveAll(v => v.Sequence > sequence);
            _rejectionsTold?.RemoveAll(v => v.Told.Sequence > sequence);
        }
    }

    /// <summary>The rejections up to a sequence that the app may not have heard of.</summary>
    internal SequencedVerdict[] RejectionsThrough(ulong sequence)
    {
        if (_untold is null && _rejectionsTold is null)
        {
            return []; // As for nearly every driver, always.
        }

        lock (_lock)
        {
            ForgetHeard(machine.GetTimestamp());
            return
            [
                .. (_rejectionsTold ?? []).Select(v => v.Told).Concat(_untold ?? [])
                    .Where(v => v.Verdict.Outcome == FixOutcome.Rejected && v.Sequence <= sequence),
            ];
        }
    }

    private void ForgetHeard(long now)
    {
        _rejectionsTold?.RemoveAll(v => machine.GetElapsedTime(v.At, now) > HeardAfter);
        if (_rejectionsTold is { Count: 0 })
        {
            _rejectionsTold = null;
        }
    }
}
