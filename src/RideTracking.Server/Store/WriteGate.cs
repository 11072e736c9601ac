namespace RideTracking.Server.Store;

/// <summary>Keeps writes out of the embedded store for a while, and knows when the last one that was let in is done. Thread-safe.</summary>
internal sealed class WriteGate
{
    private readonly Lock _lock = new();
    private int _inside;
    private TaskCompletionSource? _closed;
    private string? _refusal;

    /// <summary>What whoever is not let in is answered, a code first; null while it is open.</summary>
    public string? Refusal
    {
        get
        {
            lock (_lock)
            {
                return _refusal;
            }
        }
    }

    /// <summary>Whether a write may begin; who is let in must leave.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_closed is not null)
            {
                return false;
            }

            _inside++;
            return true;
        }
    }

    /// <summary>A write that was let in is done.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _inside--;
            if (_inside == 0)
            {
                _closed?.TrySetResult();
            }
        }
    }

    /// <summary>Lets nobody in any more.</summary>
    /// <param name="refusal">What they are answered: a code that <see cref="StoreFailure"/> knows, and why.</param>
    /// <returns>Completes when nobody is inside.</returns>
    public Task CloseAsync(string refusal)
    {
        lock (_lock)
        {
            _refusal = refusal;
            _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_inside == 0)
            {
                _closed.TrySetResult();
            }

            return _closed.Task;
        }
    }

    /// <summary>Lets writes in again.</summary>
    public void Open()
    {
        lock (_lock)
        {
            (_closed, _refusal) = (null, null);
        }
    }
}
