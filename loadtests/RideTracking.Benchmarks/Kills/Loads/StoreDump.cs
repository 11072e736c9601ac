using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>All that a store holds of an area, as a text that is the same for the same content.</summary>
internal static class StoreDump
{
    public static async Task<string> OfAsync(IConnectionMultiplexer store, string area)
    {
        var database = store.GetDatabase();
        var lines = new List<string>();
        await foreach (var key in store.GetServers()[0].KeysAsync(pattern: $"rt:{{{area}}}:*"))
        {
            var expires = await database.KeyTimeToLiveAsync(key) is null ? "stays" : "expires";
            lines.Add($"{key} {expires}: {await ContentAsync(database, key)}");
        }

        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    private static async Task<string> ContentAsync(IDatabase database, RedisKey key) => await database.KeyTypeAsync(key) switch
    {
        RedisType.String => Text(await database.StringGetAsync(key)),
        // Until when each is there, by the store's own clock.
        RedisType.Hash when key.ToString().EndsWith(":nodes", StringComparison.Ordinal) => Sorted((await database.HashKeysAsync(key)).Select(Text)),
        RedisType.Hash => Sorted((await database.HashGetAllAsync(key)).Select(e => $"{Text(e.Name)}={Text(e.Value)}")),
        RedisType.List => string.Join(' ', (await database.ListRangeAsync(key)).Select(Text)),
        RedisType.Set => Sorted((await database.SetMembersAsync(key)).Select(Text)),
        RedisType.SortedSet => Sorted((await database.SortedSetRangeByRankWithScoresAsync(key)).Select(e => $"{e.Score}={Text(e.Element)}")),
        var other => other.ToString(),
    };

    private static string Sorted(IEnumerable<string> parts) => string.Join(' ', parts.Order(StringComparer.Ordinal));

    private static string Text(RedisValue value)
    {
        byte[] bytes = value!;
        return bytes.Length <= 32 && bytes.All(b => b is > 32 and < 127) ? Encoding.ASCII.GetString(bytes) : Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 6));
    }
}
