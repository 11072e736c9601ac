namespace RideTracking.Server.Hosting;

/// <summary>
/// Wakes everybody who waits for the next time. Who takes <see cref="Next"/> and then looks misses nothing that comes after
/// the look. Thread-safe.
/// </summary>
public sealed class Pulse
{
    private volatile TaskCompletionSource _next = New();

    /// <summary>Completes with the next <see cref="Beat"/>.</summary>
    public Task Next => _next.Task;

    /// <summary>Wakes those who wait, on other threads.</summary>
    public void Beat() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
