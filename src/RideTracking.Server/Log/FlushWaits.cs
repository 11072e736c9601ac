namespace RideTracking.Server.Log;

/// <summary>Who waits until how many are settled: in the store, or forgotten.</summary>
/// <remarks>Not thread-safe: the owner holds its lock. Nobody continues under it.</remarks>
internal sealed class FlushWaits
{
    private readonly List<(long Through, TaskCompletionSource Done)> _waits = [];

    public bool IsEmpty => _waits.Count == 0;

    public Task Add(long through)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waits.Add((through, done));
        return done.Task;
    }

    public void Complete(long settled)
    {
        for (var i = _waits.Count - 1; i >= 0; i--)
        {
            if (settled >= _waits[i].Through)
            {
                _waits[i].Done.TrySetResult();
                _waits.RemoveAt(i);
            }
        }
    }
}
