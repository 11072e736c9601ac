using Grpc.Core;

namespace RideTracking.Server.Protocol;

/// <summary>Holds how many streams, or other things that take a while, are open at once. Thread-safe.</summary>
/// <param name="reason">The ErrorInfo's, a constant.</param>
/// <param name="most">As many may be open.</param>
/// <param name="rule">What may be how, after the number: "watches of the fleet may be open".</param>
/// <param name="setting">The setting that says how many.</param>
/// <param name="refused">Counts a refusal by its reason.</param>
internal class StreamLimit(string reason, int most, string rule, string setting, Action<string>? refused = null)
{
    private int _open;

    /// <summary>Takes a place until it is disposed.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: all are taken.</exception>
    public IDisposable Enter()
    {
        if (Interlocked.Increment(ref _open) > most)
        {
            Interlocked.Decrement(ref _open);
            refused?.Invoke(reason);
            throw Refusal.Limit(reason, most, rule, setting).ToRpcException();
        }

        return new Place(this);
    }

    private sealed class Place(StreamLimit limit) : IDisposable
    {
        private int _hasLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _hasLeft, 1) == 0)
            {
                Interlocked.Decrement(ref limit._open);
            }
        }
    }
}
