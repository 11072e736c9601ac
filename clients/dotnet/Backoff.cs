namespace RideTracking.Client;

/// <summary>
/// How long to wait before trying again: a random time between nothing and a bound that doubles with each failure up to
/// a cap ("full jitter": after a server's restart its clients come back spread out, not in waves). Not thread-safe.
/// </summary>
public sealed class Backoff
{
    private readonly TimeSpan _initial;
    private readonly TimeSpan _max;
    private readonly Random _random;
    private int _failures;

    /// <param name="initial">Bound of the first wait; more than zero.</param>
    /// <param name="max">The cap; not less than <paramref name="initial"/>.</param>
    /// <param name="random">Where the jitter comes from.</param>
    public Backoff(TimeSpan initial, TimeSpan max, Random random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(initial, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, initial);
        (_initial, _max, _random) = (initial, max, random);
    }

    /// <summary>The longest that <see cref="Next"/> may answer now.</summary>
    public TimeSpan Bound => TimeSpan.FromSeconds(Math.Min(_initial.TotalSeconds * Math.Pow(2, _failures), _max.TotalSeconds));

    /// <summary>Counts a failure and answers how long to wait.</summary>
    public TimeSpan Next()
    {
        var wait = Bound * _random.NextDouble();
        // 2^30 times any sensible start is beyond any sensible cap; more would overflow.
        _failures = Math.Min(_failures + 1, 30);
        return wait;
    }

    /// <summary>It worked: the next failure begins anew.</summary>
    public void Reset() => _failures = 0;
}
