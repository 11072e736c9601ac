namespace RideTracking.Server.Hosting;

/// <summary>How long to wait before the next try: twice as long after each failure, up to a bound. Of one thread at a time.</summary>
/// <param name="first">The wait after the first failure.</param>
/// <param name="longest">No wait is longer; the same as <paramref name="first"/> for an even pace.</param>
public struct Backoff(TimeSpan first, TimeSpan longest)
{
    private TimeSpan _wait;

    /// <summary>Whether the last try failed.</summary>
    public readonly bool HasFailed => _wait > TimeSpan.Zero;

    /// <summary>The last wait; zero when the last try did not fail.</summary>
    public readonly TimeSpan Wait => _wait;

    /// <summary>A try has failed.</summary>
    /// <returns>How long to wait before the next one.</returns>
    public TimeSpan Next() => _wait = !HasFailed ? first : _wait * 2 < longest ? _wait * 2 : longest;

    /// <summary>A try has succeeded.</summary>
    public void Reset() => _wait = TimeSpan.Zero;

    /// <summary>Tries until it succeeds, or fails in a way that does not pass by itself.</summary>
    /// <param name="work">May be tried again.</param>
    /// <param name="passes">Whether a failure passes by itself.</param>
    /// <param name="clock">For waiting.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<T> RetryAsync<T>(Func<Task<T>> work, Predicate<Exception> passes, TimeProvider clock, CancellationToken cancellation)
    {
        var waits = this;
        while (true)
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (passes(e))
            {
                await Task.Delay(waits.Next(), clock, cancellation);
            }
        }
    }
}
