using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Areas;

/// <summary>What the store says of the time.</summary>
/// <param name="Time">The time of the server that answers.</param>
/// <param name="CorrectionMilliseconds">What the area's time is more than that, so that it goes on over a fail-over.</param>
/// <param name="Run">Which run of which server it was.</param>
internal readonly record struct StoreReading(DateTimeOffset Time, long CorrectionMilliseconds, string Run)
{
    private static readonly LoadedScript Script = new(StoreScript.Read("time.lua"));

    /// <summary>The area's time.</summary>
    public DateTimeOffset AreaTime => Time.AddMilliseconds(CorrectionMilliseconds);

    /// <summary>Reads it; null on the embedded store, whose clock is the machine's.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public static async Task<StoreReading?> ReadAsync(RedisStore store, RedisKey correction)
    {
        if (store.IsEmbedded)
        {
            return null;
        }

        var reply = (RedisValue[])(await Script.RunAsync(store.Feeds.Database, [correction], []))!;
        var time = DateTimeOffset.FromUnixTimeSeconds((long)reply[0]).AddMicroseconds((long)reply[1]);
        return new StoreReading(time, (long)reply[2], (string)reply[3]!);
    }
}

/// <summary>How the store's time is read. Tests and simulations, whose machine clocks are their own, go by those: they read nothing.</summary>
internal delegate Task<StoreReading?> ReadStoreTime(RedisStore store, RedisKey correction);
