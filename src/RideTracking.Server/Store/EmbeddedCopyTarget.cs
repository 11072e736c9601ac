using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>An embedded store that another one is copied into: by <see cref="Apply"/>, many writes at once.</summary>
internal sealed class EmbeddedCopyTarget(IDatabase to) : IStoreCopyTarget
{
    // Far below what one call may be; a value that is larger by itself was written by one call, and goes by one.
    private const int MostBytesOfCall = 256 << 10;
    private const int BytesOfCommand = 100;
    private const int MostBytesInFlight = 4 << 20;

    private readonly List<Task> _inFlight = [];
    private readonly List<object> _call = [];
    private long _readAt;
    private long _bytesOfCall;
    private long _bytesInFlight;

    // It may come when what went before it has expired, so each says again when that is.
    public async Task WriteAsync(StoreCopyWrite write)
    {
        if (_bytesOfCall + write.Bytes > MostBytesOfCall)
        {
            await SendAsync();
        }

        _readAt = write.ReadAt.ToUnixTimeMilliseconds();
        List<object> values = [.. write.Values.Select(value => (object)value)];
        _call.AddRange((write.Command, write.Stays) switch
        {
            (var command, null) => [values.Count + 2, command, write.Key, .. values],
            // As it was written: what is as large as a call may be is no larger now.
            ("SET", { } time) => [values.Count + 4, "SET", write.Key, .. values, "PX", (long)time.TotalMilliseconds],
            (var command, { } time) => [values.Count + 2, command, write.Key, .. values, 3, "PEXPIRE", write.Key, (long)time.TotalMilliseconds],
        });
        _bytesOfCall += write.Bytes + BytesOfCommand + (2 * ((byte[])write.Key!).Length);
    }

    public async Task SendAsync()
    {
        if (_call.Count == 0)
        {
            return;
        }

        _inFlight.Add(to.ExecuteAsync(Apply.Name, [Apply.Head, _readAt, .. _call]));
        _bytesInFlight += _bytesOfCall;
        _call.Clear();
        _bytesOfCall = 0;
        if (_bytesInFlight > MostBytesInFlight)
        {
            await ArriveAsync();
        }
    }

    public async Task ArriveAsync()
    {
        await Task.WhenAll(_inFlight);
        _inFlight.Clear();
        _bytesInFlight = 0;
    }
}
