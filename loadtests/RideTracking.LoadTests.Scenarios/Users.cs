using System.Threading.Channels;

namespace RideTracking.LoadTests.Scenarios;

/// <summary>Users of whom each does one thing at a time; whoever wants one waits until one is free.</summary>
internal sealed class Users<T>
{
    // Holds each user at most once, so it is bounded by their number.
    private readonly Channel<T> _free = Channel.CreateUnbounded<T>();

    public void Add(T user) => _free.Writer.TryWrite(user);

    public async Task WithOneAsync(Func<T, Task> act, CancellationToken cancellationToken)
    {
        var user = await _free.Reader.ReadAsync(cancellationToken);
        try
        {
            await act(user);
        }
        finally
        {
            _free.Writer.TryWrite(user);
        }
    }
}
