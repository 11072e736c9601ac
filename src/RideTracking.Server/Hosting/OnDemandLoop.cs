namespace RideTracking.Server.Hosting;

/// <summary>
/// Runs a body on the thread pool when signalled, never twice at once, and again when it was signalled meanwhile. While
/// there is nothing to do it holds no task and no timer: tens of thousands of streams have one each. A body that fails runs
/// again by a later signal: what it left undone must still be there.
/// </summary>
/// <param name="loop">Tells and counts its faults, and how long it is left alone after one; shared by all streams.</param>
/// <param name="item">Whose it is.</param>
/// <param name="body">Runs.</param>
internal sealed class OnDemandLoop(Loop loop, string item, Func<Task> body) : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Signalled = 2;
    private int _state;
    private volatile bool _hasFailed;

    /// <summary>Makes the body run, soon and on another thread. Cheap; from any thread.</summary>
    public void Signal()
    {
        if (Volatile.Read(ref _state) != Signalled && Interlocked.Exchange(ref _state, Signalled) == Idle)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Makes the body run if it failed the last time.</summary>
    public void Retry()
    {
        if (_hasFailed)
        {
            Signal();
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        do
        {
            Volatile.Write(ref _state, Running);
            if (loop.IsWaiting(item))
            {
                _hasFailed = true;
                continue;
            }

            try
            {
                await body();
                _hasFailed = false;
                loop.Well(item);
            }
            catch (Exception e)
            {
                _hasFailed = true;
                if (!loop.Passes(e))
                {
                    loop.Failed(item, e);
                }
            }
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
    }
}
