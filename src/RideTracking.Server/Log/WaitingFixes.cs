namespace RideTracking.Server.Log;

/// <summary>
/// The fixes that wait to be written, oldest first. Full, it forgets the oldest: the app still has them and is asked
/// for them later, while a queue that refused the newest would keep what nobody needs any more.
/// </summary>
/// <remarks>Not thread-safe: <see cref="LogQueue"/> holds its lock.</remarks>
internal sealed class WaitingFixes(int capacity)
{
    private LogRecord[] _ring = new LogRecord[Math.Min(capacity, 1024)];
    private int _head;

    public int Count { get; private set; }

    public bool IsFull => Count == capacity;

    public void Add(in LogRecord record)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        _ring[Index(Count++)] = record;
    }

    public LogRecord TakeOldest()
    {
        var record = _ring[_head];
        _ring[_head] = default;
        _head = Index(1);
        Count--;
        return record;
    }

    /// <summary>Moves up to <paramref name="into"/>'s length of the oldest out.</summary>
    public int Take(Span<LogRecord> into)
    {
        var taken = Math.Min(into.Length, Count);
        for (var i = 0; i < taken; i++)
        {
            into[i] = TakeOldest();
        }

        return taken;
    }

    /// <summary>Calls <paramref name="visit"/> with each waiting fix.</summary>
    public void ForEach(Action<LogRecord> visit)
    {
        for (var i = 0; i < Count; i++)
        {
            visit(_ring[Index(i)]);
        }
    }

    private int Index(int offset)
    {
        var index = _head + offset;
        return index < _ring.Length ? index : index - _ring.Length;
    }

    private void Grow()
    {
        var larger = new LogRecord[(int)Math.Min(capacity, _ring.Length * 2L)];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = _ring[Index(i)];
        }

        _ring = larger;
        _head = 0;
    }
}
