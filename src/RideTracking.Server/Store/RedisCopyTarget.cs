using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// A Redis that an embedded store is moved to. Names of stores (<c>generation</c>) are held back until all else is there: without them no server
/// takes it for a store (<see cref="StoreGenerations.Moving"/>).
/// </summary>
internal sealed class RedisCopyTarget(IDatabase to) : IStoreCopyTarget
{
    private const int MostInFlight = 1_000;
    private const long MostBytesInFlight = 16 << 20;

    private readonly List<Task> _inFlight = [];
    private readonly List<StoreCopyWrite> _names = [];
    private long _bytesInFlight;

    public Task WriteAsync(StoreCopyWrite write)
    {
        if (StoreGenerations.IsName(write.Key))
        {
            _names.Add(write);
            return Task.CompletedTask;
        }

        return StartAsync(write);
    }

    public Task SendAsync() => Task.CompletedTask;

    public async Task ArriveAsync()
    {
        await Task.WhenAll(_inFlight);
        _inFlight.Clear();
        _bytesInFlight = 0;
    }

    /// <summary>All else is there, and was compared: from now on it is the store.</summary>
    public async Task NameAsync()
    {
        foreach (var name in _names)
        {
            await StartAsync(name);
        }

        await ArriveAsync();
    }

    private async Task StartAsync(StoreCopyWrite write)
    {
        _inFlight.Add(SetAsync(write));
        // At a moment, whatever the way takes. One after the other on one connection.
        if (write.Stays is { } stays)
        {
            _inFlight.Add(to.KeyExpireAsync(write.Key, (write.ReadAt + stays).UtcDateTime));
        }

        _bytesInFlight += write.Bytes;
        if (_inFlight.Count >= MostInFlight || _bytesInFlight > MostBytesInFlight)
        {
            await ArriveAsync();
        }
    }

    private Task SetAsync(StoreCopyWrite write) => write.Command switch
    {
        "SET" => to.StringSetAsync(write.Key, write.Values[0]),
        "RPUSH" => to.ListRightPushAsync(write.Key, write.Values),
        "SADD" => to.SetAddAsync(write.Key, write.Values),
        "HSET" => to.HashSetAsync(write.Key, [.. Pairs(write.Values).Select(pair => new HashEntry(pair[0], pair[1]))]),
        "ZADD" => to.SortedSetAddAsync(write.Key, [.. Pairs(write.Values).Select(pair => new SortedSetEntry(pair[1], (double)pair[0]))]),
        var command => throw new InvalidDataException($"{command} is no command of a copy."),
    };

    private static IEnumerable<RedisValue[]> Pairs(RedisValue[] values) => values.Chunk(2);
}
