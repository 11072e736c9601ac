namespace RideTracking.Server.Hosting;

/// <summary>Lets one at a time do something, in the order in which they asked. Thread-safe.</summary>
internal sealed class Turns
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private bool _isTaken;

    /// <summary>
    /// How those go on who have waited: on threads of their own, so that whoever gives a turn up goes on, too. A simulation, which has one thread, lets them go on at once.
    /// </summary>
    internal TaskCreationOptions GoOn { get; set; } = TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>Does something when it is its turn.</summary>
    /// <param name="work">What.</param>
    /// <param name="cancellation">Of the waiting.</param>
    /// <exception cref="OperationCanceledException">The waiting was cancelled.</exception>
    public async Task RunAsync(Func<Task> work, CancellationToken cancellation)
    {
        await TakeAsync(cancellation);
        try
        {
            await work();
        }
        finally
        {
            Give();
        }
    }

    /// <summary>Waits for a turn, which is to be given up.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task TakeAsync(CancellationToken cancellation)
    {
        LinkedListNode<TaskCompletionSource> mine;
        lock (_lock)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!_isTaken)
            {
                _isTaken = true;
                return;
            }

            mine = _waiting.AddLast(new TaskCompletionSource(GoOn));
        }

        await using var cancelling = cancellation.UnsafeRegister(_ => Leave(mine, cancellation), null);
        await mine.Value.Task;
    }

    /// <summary>The next one's turn.</summary>
    public void Give()
    {
        TaskCompletionSource next;
        lock (_lock)
        {
            if (_waiting.First is not { } first)
            {
                _isTaken = false;
                return;
            }

            _waiting.RemoveFirst();
            next = first.Value;
        }

        next.SetResult();
    }

    private void Leave(LinkedListNode<TaskCompletionSource> mine, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (mine.List is null)
            {
                return; // It is its turn already.
            }

            _waiting.Remove(mine);
        }

        mine.Value.SetCanceled(cancellation);
    }
}
