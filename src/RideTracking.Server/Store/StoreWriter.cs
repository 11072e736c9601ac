using System.Globalization;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// The way into the store for all that is written: scripts, and the few writes that need none. On Redis they are what the client
/// offers. On the embedded store each is one <c>APPLY</c>, and all of them go through one connection: nothing else keeps one
/// script from writing between another's reading and writing. Thread-safe.
/// </summary>
/// <param name="database">The connection.</param>
/// <param name="isEmbedded">Whether it leads to the embedded store.</param>
/// <param name="format">In which form records are told, and whether they may be written at all.</param>
/// <param name="replicas">What is written is answered for when these have it; null for as soon as the store says so.</param>
public sealed class StoreWriter(IDatabase database, bool isEmbedded, RecordFormat format, ReplicaWait? replicas = null)
{
    // How many keys there are, and the time, follow the keys.
    private const int AfterKeys = 2;

    /// <summary>Whether it leads to the embedded store, which no other node uses.</summary>
    internal bool IsEmbedded => isEmbedded;

    internal Task<RedisResult> RunAsync(StoreScript script, RedisKey[] keys, RedisValue[] arguments)
    {
        format.RequireWritable();
        return isEmbedded ? script.OnEmbedded.RunAsync(database, [], ForEmbedded(keys, arguments))
            : script.Tells ? throw new InvalidOperationException("A script that tells a feed is run by the feed's writer.")
            : ReplicatedAsync(script, keys, script.OnRedis.RunAsync(database, keys, arguments));
    }

    /// <summary>Runs a script that tells a feed; not on the embedded store.</summary>
    /// <param name="script">The script.</param>
    /// <param name="keys">Its keys, and behind them the feed's.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="token">The commit's.</param>
    /// <param name="kept">How long entries are kept at least.</param>
    internal Task<RedisResult> TellAsync(StoreScript script, RedisKey[] keys, RedisValue[] arguments, string token, TimeSpan kept)
    {
        format.RequireWritable();
        return ReplicatedAsync(script, keys, script.OnRedis.RunAsync(database, keys, [.. arguments, format.Writes, token, (long)kept.TotalMilliseconds]));
    }

    /// <summary>Completes when replicas have what the store has now, where that is waited for.</summary>
    /// <param name="key">One of the keys.</param>
    /// <exception cref="ReplicasLateException">They had it not in time.</exception>
    /// <exception cref="RedisException">The store is away.</exception>
    internal Task ReplicatedAsync(RedisKey key) => replicas?.ReplicatedAsync(key) ?? Task.CompletedTask;

    /// <summary>Sets a string, for good or for a time.</summary>
    /// <exception cref="RedisException">The store is away or refuses.</exception>
    public Task SetAsync(RedisKey key, RedisValue value, TimeSpan? expiry = null) => (Embedded, expiry) switch
    {
        (false, { } stays) => database.StringSetAsync(key, value, stays),
        (false, null) => database.StringSetAsync(key, value),
        (true, { } stays) => ApplyAsync("SET", key, value, "PX", (long)stays.TotalMilliseconds),
        (true, null) => ApplyAsync("SET", key, value),
    };

    /// <summary>Sets a field of a hash.</summary>
    /// <exception cref="RedisException">The store is away or refuses.</exception>
    public Task HashSetAsync(RedisKey key, RedisValue field, RedisValue value) =>
        Embedded ? ApplyAsync("HSET", key, field, value) : database.HashSetAsync(key, field, value);

    /// <summary>Removes a field of a hash.</summary>
    /// <exception cref="RedisException">The store is away or refuses.</exception>
    public Task HashDeleteAsync(RedisKey key, RedisValue field) =>
        Embedded ? ApplyAsync("HDEL", key, field) : database.HashDeleteAsync(key, field);

    /// <summary>Removes the members of a sorted set below a score.</summary>
    /// <exception cref="RedisException">The store is away or refuses.</exception>
    public Task SortedSetRemoveBelowAsync(RedisKey key, long score) => Embedded
        ? ApplyAsync("ZREMRANGEBYSCORE", key, "-inf", "(" + score.ToString(CultureInfo.InvariantCulture))
        : database.SortedSetRemoveRangeByScoreAsync(key, double.NegativeInfinity, score, Exclude.Stop);

    /// <summary>A script's keys and arguments as the embedded store's prologue takes them.</summary>
    internal static RedisValue[] ForEmbedded(RedisKey[] keys, RedisValue[] arguments)
    {
        var all = new RedisValue[arguments.Length + keys.Length + AfterKeys];
        arguments.CopyTo(all, 0);
        for (var i = 0; i < keys.Length; i++)
        {
            all[arguments.Length + i] = (byte[]?)keys[i];
        }

        all[^2] = keys.Length;
        all[^1] = Now();
        return all;
    }

    private Task<RedisResult> ReplicatedAsync(StoreScript script, RedisKey[] keys, Task<RedisResult> run)
    {
        return replicas is null || !script.IsKept ? run : AfterAsync();

        async Task<RedisResult> AfterAsync()
        {
            var reply = await run;
            await replicas.ReplicatedAsync(keys[0]);
            return reply;
        }
    }

    // Asked before each write.
    private bool Embedded
    {
        get
        {
            format.RequireWritable();
            return isEmbedded;
        }
    }

    // Expiries go by the machine's clock in any case: the server's may run faster.
    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private Task<RedisResult> ApplyAsync(string command, RedisKey key, params RedisValue[] values) => database.ExecuteAsync(
        Apply.Name, [Apply.Head, Now(), values.Length + 2, command, key, .. values.Select(v => (object)v)]);
}
