using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// The way out of the store for all that is read: of a master alone. A replica may be behind, and one that was a master before a fail-over has, until it
/// has caught up, a past that is forgotten; whoever reads that takes the store for one that has forgotten what it has. Thread-safe.
/// </summary>
/// <param name="database">The connection.</param>
public sealed class StoreReader(IDatabase database)
{
    private const CommandFlags Master = CommandFlags.DemandMaster;

    private static readonly LoadedScript Memory = new(StoreScript.Read("memory.lua"));

    private static readonly string ServerInfo = StoreScript.Read("server-info.lua");

    /// <summary>The connection itself: whoever takes it says by himself whom he asks.</summary>
    internal IDatabase Database => database;

    /// <summary>What memory the server uses that has a key, and how much it may by its own settings: 0 for no limit. Null where it does not tell.</summary>
    internal async Task<(long UsedBytes, long LimitBytes)?> MemoryAsync(RedisKey key) =>
        (RedisValue[])(await Memory.RunAsync(database, [key], []))! is [var used, var limit] ? ((long)used, (long)limit) : null;

    /// <summary>The servers that are connected and take writes: one, or those of a cluster.</summary>
    internal IEnumerable<IServer> Masters() => database.Multiplexer.GetServers().Where(server => server is { IsConnected: true, IsReplica: false });

    /// <summary>What a server says of itself, in the sections of <c>INFO</c>; null where it may not be asked.</summary>
    /// <exception cref="RedisException">It is away, or runs no scripts.</exception>
    internal static async Task<string?> InfoAsync(IServer server) => (string?)await server.ExecuteAsync("EVAL", [ServerInfo, 0], CommandFlags.NoRedirect);

    internal Task<RedisValue> StringGetAsync(RedisKey key) => database.StringGetAsync(key, Master);

    internal Task<RedisValue[]> StringGetAsync(RedisKey[] keys) => database.StringGetAsync(keys, Master);

    internal Task<RedisValue> HashGetAsync(RedisKey key, RedisValue field) => database.HashGetAsync(key, field, Master);

    internal Task<RedisValue[]> HashGetAsync(RedisKey key, RedisValue[] fields) => database.HashGetAsync(key, fields, Master);

    internal Task<HashEntry[]> HashGetAllAsync(RedisKey key) => database.HashGetAllAsync(key, Master);

    internal IAsyncEnumerable<HashEntry> HashScanAsync(RedisKey key, int pageSize) => database.HashScanAsync(key, pageSize: pageSize, flags: Master);

    internal Task<RedisValue[]> SetMembersAsync(RedisKey key) => database.SetMembersAsync(key, Master);

    internal Task<bool> KeyExistsAsync(RedisKey key) => database.KeyExistsAsync(key, Master);

    internal Task<RedisValue[]> ListRangeAsync(RedisKey key, long first, long last) => database.ListRangeAsync(key, first, last, Master);

    internal Task<RedisValue> ListGetByIndexAsync(RedisKey key, long index) => database.ListGetByIndexAsync(key, index, Master);

    internal Task<RedisValue[]> SortedSetRangeByRankAsync(RedisKey key) => database.SortedSetRangeByRankAsync(key, flags: Master);

    internal Task<SortedSetEntry[]> SortedSetRangeByRankWithScoresAsync(RedisKey key, long first, long last) =>
        database.SortedSetRangeByRankWithScoresAsync(key, first, last, flags: Master);

    internal Task<RedisValue[]> SortedSetRangeByScoreAsync(
        RedisKey key, double from = double.NegativeInfinity, double to = double.PositiveInfinity, Exclude exclude = Exclude.None, long skip = 0, long take = -1) =>
        database.SortedSetRangeByScoreAsync(key, from, to, exclude, Order.Ascending, skip, take, Master);

    internal Task<SortedSetEntry[]> SortedSetRangeByScoreWithScoresAsync(
        RedisKey key, double from = double.NegativeInfinity, double to = double.PositiveInfinity, Exclude exclude = Exclude.None,
        Order order = Order.Ascending, long skip = 0, long take = -1) =>
        database.SortedSetRangeByScoreWithScoresAsync(key, from, to, exclude, order, skip, take, Master);

    internal Task<RedisValue[]> SortedSetRangeByValueAsync(RedisKey key, RedisValue from, RedisValue to, Exclude exclude, long skip, long take) =>
        database.SortedSetRangeByValueAsync(key, from, to, exclude, skip, take, Master);
}
