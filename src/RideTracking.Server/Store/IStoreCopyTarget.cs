using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>Where a store is copied to.</summary>
internal interface IStoreCopyTarget
{
    /// <summary>Takes a write. It may be sent later, and arrive later still.</summary>
    Task WriteAsync(StoreCopyWrite write);

    /// <summary>All that was taken is sent.</summary>
    Task SendAsync();

    /// <summary>All that was taken has arrived.</summary>
    /// <exception cref="RedisException">Not all of it has.</exception>
    Task ArriveAsync();
}

/// <summary>Values of one key, or some of them where they are many.</summary>
/// <param name="Command">SET, RPUSH, HSET, SADD or ZADD.</param>
/// <param name="Key">Whose.</param>
/// <param name="Values">Behind the key, as the command takes them.</param>
/// <param name="Bytes">How large the values are together.</param>
/// <param name="ReadAt">When they were read.</param>
/// <param name="Stays">How long the key stays from then on; null for good.</param>
internal readonly record struct StoreCopyWrite(string Command, RedisKey Key, RedisValue[] Values, long Bytes, DateTimeOffset ReadAt, TimeSpan? Stays);
