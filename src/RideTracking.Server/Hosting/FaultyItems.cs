namespace RideTracking.Server.Hosting;

/// <summary>What of a loop's work fails, how, and when each is tried again. Costs next to nothing while nothing fails. Thread-safe.</summary>
internal sealed class FaultyItems(TimeProvider clock)
{
    // Beyond this many they are tried each time, and told as one.
    internal const int Most = 10_000;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    // One that is there is tried again when its wait is over; one that was not for so long is there no more.
    private static readonly TimeSpan Gone = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Fault> _faults = new(StringComparer.Ordinal);
    private volatile int _count;

    /// <summary>How many fail now.</summary>
    public int Count => _count;

    /// <summary>How long until an item is to be tried again; zero when it may be now.</summary>
    public TimeSpan WaitOf(string item)
    {
        if (_count == 0)
        {
            return TimeSpan.Zero;
        }

        lock (_lock)
        {
            return _faults.TryGetValue(item, out var fault) && fault.Backoff.Wait - clock.GetElapsedTime(fault.TriedAt) is var wait && wait > TimeSpan.Zero
                ? wait
                : TimeSpan.Zero;
        }
    }

    /// <summary>An item has failed.</summary>
    /// <returns>Whether that is to be told, not when it failed the same way the last time; and whether it is one more.</returns>
    public (bool IsNews, bool IsOneMore) Failed(string item, string how)
    {
        lock (_lock)
        {
            var isOneMore = !_faults.TryGetValue(item, out var fault);
            if (isOneMore)
            {
                if (_faults.Count >= Most)
                {
                    return (false, false);
                }

                _faults.Add(item, fault = new Fault { Backoff = new Backoff(FirstWait, LongestWait) });
                _count = _faults.Count;
            }

            var isNews = fault!.How != how;
            fault.How = how;
            fault.Backoff.Next();
            fault.TriedAt = clock.GetTimestamp();
            return (isNews, isOneMore);
        }
    }

    /// <summary>An item did not fail.</summary>
    /// <returns>Whether it had before.</returns>
    public bool Well(string item)
    {
        if (_count == 0)
        {
            return false;
        }

        lock (_lock)
        {
            var had = _faults.Remove(item);
            _count = _faults.Count;
            return had;
        }
    }

    /// <summary>Forgets the items that are there no more, which nobody has tried for long.</summary>
    /// <param name="kept">Always there, however seldom it is tried.</param>
    /// <returns>How many.</returns>
    public int ForgetGone(string kept)
    {
        if (_count == 0)
        {
            return 0;
        }

        lock (_lock)
        {
            var before = _faults.Count;
            foreach (var (item, fault) in _faults)
            {
                if (item != kept && clock.GetElapsedTime(fault.TriedAt) > fault.Backoff.Wait + Gone)
                {
                    _faults.Remove(item);
                }
            }

            _count = _faults.Count;
            return before - _faults.Count;
        }
    }

    private sealed class Fault
    {
        public Backoff Backoff;

        public string? How { get; set; }

        public long TriedAt { get; set; }
    }
}
