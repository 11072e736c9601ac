using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>Copies all that an embedded store holds into another store, while nobody writes to either.</summary>
internal sealed class StoreCopy
{
    private const int MostBytesOfWrite = 256 << 10;
    private const int MostKeysAtOnce = 100;
    private const int Page = 500;

    private readonly IServer _keys;
    private readonly IDatabase _from;
    private readonly IStoreCopyTarget _to;
    private readonly List<RedisValue> _values = [];
    private DateTimeOffset _now;
    private long _bytesOfValues;

    private StoreCopy(IConnectionMultiplexer from, IStoreCopyTarget to) => (_keys, _from, _to) = (from.GetServers()[0], from.GetDatabase(), to);

    /// <summary>Copies into another embedded store.</summary>
    /// <inheritdoc cref="RunAsync(IConnectionMultiplexer, IStoreCopyTarget, CancellationToken)"/>
    public static Task RunAsync(IConnectionMultiplexer from, IConnectionMultiplexer to, CancellationToken stopping) =>
        RunAsync(from, new EmbeddedCopyTarget(to.GetDatabase()), stopping);

    /// <summary>Copies, and returns how many keys there were.</summary>
    /// <exception cref="OperationCanceledException">The server stops.</exception>
    /// <exception cref="InvalidDataException">Not all of it was found.</exception>
    /// <exception cref="RedisException">One of the two does not do what it should.</exception>
    public static async Task<long> RunAsync(IConnectionMultiplexer from, IStoreCopyTarget to, CancellationToken stopping)
    {
        var copy = new StoreCopy(from, to);
        var keys = 0L;
        await foreach (var some in copy._keys.KeysAsync(pageSize: Page).Chunk(MostKeysAtOnce))
        {
            stopping.ThrowIfCancellationRequested();
            keys += some.Length;
            await copy.CopyAsync([.. some.Where(key => key != Apply.NumberKey)]);
        }

        await to.ArriveAsync();
        // Meanwhile keys may have expired, but none has come.
        if (await copy._keys.DatabaseSizeAsync() is var there && there > keys)
        {
            throw new InvalidDataException($"{there} keys are there, of which {keys} were found");
        }

        return keys;
    }

    private async Task CopyAsync(RedisKey[] keys)
    {
        _now = TimeProvider.System.GetUtcNow();
        var found = await Task.WhenAll(keys.Select(async key =>
        {
            var (stays, type) = (_from.KeyTimeToLiveAsync(key), _from.KeyTypeAsync(key));
            return (Key: key, Stays: await stays, Type: await type);
        }));
        var strings = found.Where(one => one.Type == RedisType.String).ToArray();
        // Most are strings, and small ones.
        foreach (var ((key, stays, _), value) in strings.Zip(await Task.WhenAll(strings.Select(one => _from.StringGetAsync(one.Key)))))
        {
            if (!value.IsNull)
            {
                Take([value]);
                await WriteAsync("SET", key, stays);
            }
        }

        foreach (var (key, stays, type) in found.Where(one => one.Type is not (RedisType.String or RedisType.None)))
        {
            await CopyAsync(key, stays, type);
        }

        await _to.SendAsync();
    }

    private async Task CopyAsync(RedisKey key, TimeSpan? stays, RedisType type)
    {
        var copied = type switch
        {
            RedisType.List => await CopyAsync("RPUSH", key, stays, ListAsync(key)),
            RedisType.Hash => await CopyAsync("HSET", key, stays, from entry in _from.HashScanAsync(key, pageSize: Page) select new[] { entry.Name, entry.Value }),
            RedisType.Set => await CopyAsync("SADD", key, stays, from member in _from.SetScanAsync(key, pageSize: Page) select new[] { member }),
            RedisType.SortedSet => await CopyAsync("ZADD", key, stays, from entry in _from.SortedSetScanAsync(key, pageSize: Page) select new[] { entry.Score, entry.Element }),
            _ => throw new InvalidDataException($"{key} is of a kind that nobody writes ({type})"),
        };
        var there = type switch
        {
            RedisType.List => await _from.ListLengthAsync(key),
            RedisType.Hash => await _from.HashLengthAsync(key),
            RedisType.Set => await _from.SetLengthAsync(key),
            _ => await _from.SortedSetLengthAsync(key),
        };
        // It may have expired meanwhile; then it is gone there, too.
        if (there != copied && there != 0)
        {
            throw new InvalidDataException($"{key} holds {there} values, of which {copied} were found");
        }
    }

    private async Task<long> CopyAsync(string command, RedisKey key, TimeSpan? stays, IAsyncEnumerable<RedisValue[]> entries)
    {
        var copied = 0L;
        await foreach (var entry in entries)
        {
            if (_bytesOfValues + BytesOf(entry) > MostBytesOfWrite)
            {
                await WriteAsync(command, key, stays);
            }

            Take(entry);
            copied++;
        }

        await WriteAsync(command, key, stays);
        return copied;
    }

    private async IAsyncEnumerable<RedisValue[]> ListAsync(RedisKey key)
    {
        for (var at = 0L; await _from.ListRangeAsync(key, at, at + Page - 1) is { Length: > 0 } page; at += page.Length)
        {
            foreach (var value in page)
            {
                yield return [value];
            }
        }
    }

    private void Take(RedisValue[] values)
    {
        _values.AddRange(values);
        _bytesOfValues += BytesOf(values);
    }

    private static long BytesOf(RedisValue[] values) => values.Sum(value => value.Length() + Apply.BytesOfLength);

    // What was taken, as one write.
    private async Task WriteAsync(string command, RedisKey key, TimeSpan? stays)
    {
        if (_values.Count == 0)
        {
            return;
        }

        await _to.WriteAsync(new StoreCopyWrite(command, key, [.. _values], _bytesOfValues, _now, stays));
        _values.Clear();
        _bytesOfValues = 0;
    }
}
