using System.Threading.Channels;

namespace RideTracking.Server.Hosting;

/// <summary>Wakes the one who waits for it. Set from any thread, waited for by one at a time.</summary>
public sealed class Signal
{
    // One that waits says all there is to say, so a second is dropped.
    private readonly Channel<bool> _waiting = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Wakes the one who waits, or who waits next. Never blocks.</summary>
    public void Set() => _waiting.Writer.TryWrite(true);

    /// <summary>Waits until it is set, and takes it.</summary>
    /// <returns>True: it can be set as long as anybody waits.</returns>
    /// <exception cref="OperationCanceledException">The waiting was cancelled.</exception>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => _waiting.Reader.ReadAsync(cancellation);

    /// <summary>Takes it if it is set.</summary>
    public bool TryTake() => _waiting.Reader.TryRead(out _);
}
