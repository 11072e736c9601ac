


namespace RideTracking.Server.Drivers;

/// <summary>
/// Runs a body on the thread pool when signalled, never twice at once, and again when it was signalled meanwhile. While
/// there is nothing to do it holds no task and no timer: tens of thousands of streams have one each.
/// </summary>
internal sealed class OnDemandLoop(Func<Task> body) : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Signalled = 2;
    private int _state;

    /// <summary>Makes the body run, soon and on another thread. Cheap; from any thread.</summary>
    public void Signal()
    {
        if (Volatile.Read(ref _state) != Signalled && Interlocked.Exchange(ref _state, Signalled) == Idle)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        do
        {
            Volatile.Write(ref _state, Running);
            await body();
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
    }
}
