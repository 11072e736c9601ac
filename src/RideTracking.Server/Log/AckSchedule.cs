namespace RideTracking.Server.Log;

/// <summary>When an acknowledgement is due: after so many fixes, so many verdicts, or so long.</summary>
public readonly record struct AckPace(int EveryFixes, int EveryVerdicts, TimeSpan Interval);

/// <summary>How far the app was told, and when it is to be told more. Not thread-safe: <see cref="SessionLedger"/> holds its lock.</summary>
internal sealed class AckSchedule(ulong toldThrough, AckPace pace, TimeProvider machine)
{
    private ulong _requestedThrough;
    private long _waitingSince;

    /// <summary>Told last.</summary>
    public ulong ToldThrough { get; private set; } = toldThrough;

    /// <summary>Something has come to be told of.</summary>
    /// <param name="isFirst">Nothing waited before.</param>
    public void Arrived(bool isFirst)
    {
        if (isFirst)
        {
            _waitingSince = machine.GetTimestamp();
        }
    }

    /// <summary>The app wants to hear of all up to a sequence.</summary>
    public void Request(ulong through) => _requestedThrough = Math.Max(through, 1);

    /// <summary>Whether the app has asked for what can be told.</summary>
    public bool IsRequested(ulong through) => _requestedThrough != 0 && through >= _requestedThrough;

    /// <summary>Whether it should be told now rather than with the next message.</summary>
    public bool IsDue(ulong through, int verdicts) =>
        verdicts >= pace.EveryVerdicts
        || through - ToldThrough >= (ulong)pace.EveryFixes
        || IsRequested(through)
        || ((through > ToldThrough || verdicts > 0) && machine.GetElapsedTime(_waitingSince) >= pace.Interval);

    /// <summary>It is told.</summary>
    /// <returns>How long the first of what is told has waited; null when that came on another stream.</returns>
    public TimeSpan? Told(ulong through)
    {
        var waited = _waitingSince == 0 ? null : (TimeSpan?)machine.GetElapsedTime(_waitingSince);
        ToldThrough = Math.Max(ToldThrough, through);
        _requestedThrough = through >= _requestedThrough ? 0 : _requestedThrough;
        _waitingSince = machine.GetTimestamp();
        return waited;
    }
}
