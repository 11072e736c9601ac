namespace RideTracking.Server.Log;

/// <summary>
/// How long fixes are collected into a batch: less the more there are, so that each batch is worth its call. Counted from the batch before, so
/// that what comes after a silence goes soon. Not thread-safe.
/// </summary>
/// <param name="options">The shortest and the longest time.</param>
/// <param name="time">Real time: it is the store that is spared.</param>
internal sealed class FlushWindow(LogOptions options, TimeProvider time)
{
    // A batch filled to this share is worth the shortest time.
    private const double FullShare = 0.25;

    private TimeSpan _window = options.MaxFlushWindow;
    private long? _takenAt;

    /// <summary>How much longer to collect; the shortest time at the least.</summary>
    public TimeSpan Rest
    {
        get
        {
            var since = _takenAt is { } at ? time.GetElapsedTime(at) : TimeSpan.Zero;
            return since < _window - options.MinFlushWindow ? _window - since : options.MinFlushWindow;
        }
    }

    /// <summary>A batch was taken.</summary>
    /// <param name="fill">How full it was, 0 to 1.</param>
    /// <param name="isAwaited">Whether others see its fixes only when it is written.</param>
    public void Taken(double fill, bool isAwaited)
    {
        var longest = isAwaited && options.SharedFlushWindow < options.MaxFlushWindow ? options.SharedFlushWindow : options.MaxFlushWindow;
        if (longest < options.MinFlushWindow)
        {
            longest = options.MinFlushWindow;
        }

        var next = longest - ((longest - options.MinFlushWindow) * Math.Min(1, fill / FullShare));
        _window = (_window + next) / 2;
        _window = _window < longest ? _window : longest;
        _takenAt = time.GetTimestamp();
    }
}
