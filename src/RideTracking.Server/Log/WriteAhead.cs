namespace RideTracking.Server.Log;

/// <summary>
/// Counts what fixes have caused and the store does not have yet. The log waits for it before it takes the fixes: what is in
/// the log is never sent again, so after a crash nobody would find out what it had caused. Thread-safe.
/// </summary>
public sealed class WriteAhead
{
    private readonly Lock _lock = new();
    private readonly FlushWaits _waits = new();
    private long _caused;
    private long _written;

    /// <summary>How much waits for the store.</summary>
    public int Waiting => (int)(Interlocked.Read(ref _caused) - Interlocked.Read(ref _written));

    /// <summary>A fix that the log does not have yet has caused something.</summary>
    public void Caused() => Interlocked.Increment(ref _caused);

    /// <summary>The store has the next so many, in the order in which they were caused.</summary>
    public void Written(int count)
    {
        lock (_lock)
        {
            _waits.Complete(Interlocked.Add(ref _written, count));
        }
    }

    /// <summary>Completes once everything caused so far is in the store.</summary>
    public Task AllWrittenAsync()
    {
        var caused = Interlocked.Read(ref _caused);
        if (Interlocked.Read(ref _written) >= caused)
        {
            return Task.CompletedTask;
        }

        lock (_lock)
        {
            return Interlocked.Read(ref _written) >= caused ? Task.CompletedTask : _waits.Add(caused);
        }
    }
}
