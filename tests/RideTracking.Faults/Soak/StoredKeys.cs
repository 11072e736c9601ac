using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace RideTracking.Faults.Soak;

/// <summary>What the store holds of each feature.</summary>
internal static partial class StoredKeys
{
    /// <summary>How many keys, and bytes, by what the keys are called without the ids in them.</summary>
    public static async Task<IReadOnlyDictionary<string, (int Keys, long Bytes)>> ReadAsync(ConnectionMultiplexer connection)
    {
        var database = connection.GetDatabase();
        var read = new Dictionary<string, (int Keys, long Bytes)>();
        var keys = new List<RedisKey>();
        await foreach (var key in connection.GetServers()[0].KeysAsync(pageSize: 1000))
        {
            keys.Add(key);
        }

        foreach (var some in keys.Chunk(1000))
        {
            var sizes = await Task.WhenAll(some.Select(key => database.ExecuteAsync("MEMORY", "USAGE", key, "SAMPLES", 20)));
            foreach (var (key, size) in some.Zip(sizes))
            {
                var feature = FeatureOf(key!);
                var (count, bytes) = read.GetValueOrDefault(feature);
                // One that has just gone has no size.
                read[feature] = (count + 1, bytes + (size.IsNull ? 0 : (long)size));
            }
        }

        return read;
    }

    // A key is prefix:{area}:feature:ids, and ids have figures in them.
    private static string FeatureOf(string key) => Ids().Replace(key[(key.IndexOf('}') + 1)..].TrimStart(':'), ":*");

    [GeneratedRegex(":(?=[^:]*[0-9-])[^:]*(:[^:]*)*$")]
    private static partial Regex Ids();
}
