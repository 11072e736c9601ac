using System.Diagnostics;
using Grpc.Core;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>Reads a stream to its end, and tells when something came that somebody waits for.</summary>
internal sealed class StreamWatch<T> : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<(Func<T, bool> Wanted, TaskCompletionSource<long> Seen)> _waiting = [];
    private readonly Action<T> _take;
    private volatile bool _isDisposed;

    /// <param name="stream">Read from now on.</param>
    /// <param name="take">Told of each message first.</param>
    public StreamWatch(IAsyncStreamReader<T> stream, Action<T>? take = null)
    {
        _take = take ?? (_ => { });
        _ = ReadAsync(stream);
    }

    /// <summary>The timestamp (<see cref="Stopwatch.GetTimestamp"/>) at which the first message that is wanted came.</summary>
    /// <exception cref="TimeoutException">None came.</exception>
    public Task<long> WhenAsync(Func<T, bool> wanted)
    {
        var seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Add((wanted, seen));
        }

        return seen.Task.WaitAsync(Patience);
    }

    /// <summary>Ends of the stream are no news any more.</summary>
    public void Dispose() => _isDisposed = true;

    private async Task ReadAsync(IAsyncStreamReader<T> stream)
    {
        try
        {
            while (await stream.MoveNext(CancellationToken.None))
            {
                var now = Stopwatch.GetTimestamp();
                _take(stream.Current);
                lock (_lock)
                {
                    _waiting.RemoveAll(w => w.Wanted(stream.Current) && w.Seen.TrySetResult(now));
                }
            }

            Fail(new InvalidOperationException("The stream has ended."));
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception why)
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _waiting.ForEach(w => w.Seen.TrySetException(why));
            }
        }
    }
}
