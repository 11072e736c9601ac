namespace RideTracking.Server.Log;

/// <summary>Who waits until how many are settled: in the store, or forgotten. Bounded by how many may wait to be.</summary>
/// <remarks>Not thread-safe: the owner holds its lock. Nobody continues under it.</remarks>
internal sealed class FlushWaits
{
    private readonly Queue<(long Through, TaskCompletionSource Done)> _waits = [];
    private (long Through, Task Done) _last;

    public bool IsEmpty => _waits.Count == 0;

    /// <param name="through">How many; never fewer than the last time.</param>
    public Task Add(long through)
    {
        if (through == _last.Through && !IsEmpty)
        {
            return _last.Done;
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waits.Enqueue((through, done));
        _last = (through, done.Task);
        return done.Task;
    }

    public void Complete(long settled)
    {
        while (_waits.TryPeek(out var wait) && settled >= wait.Through)
        {
            wait.Done.TrySetResult();
            _waits.Dequeue();
        }
    }
}
