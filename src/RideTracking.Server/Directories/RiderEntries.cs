using Google.Protobuf;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Directories;

/// <summary>
/// The riders, in the store alone: there are many more of them than ride at a time, and each is asked for once or twice a ride. So every
/// node sees what was written last. Thread-safe.
/// </summary>
/// <param name="store">The store.</param>
public sealed class RiderEntries(RedisStore store)
{
    /// <summary>The rider; null when there is none, or when the entry cannot be read.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async ValueTask<V1.Rider?> FindAsync(string riderId)
    {
        var stored = await store.Trips.HashGetAsync(CompanyKeys.Riders, riderId);
        return stored.IsNull ? null : Read(riderId, stored);
    }

    /// <summary>Makes or replaces an entry.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public Task SetAsync(V1.Rider rider) =>
        StoreScript.RiderSet.RunAsync(store.Writes, [CompanyKeys.Riders, CompanyKeys.RiderIds], [rider.RiderId, rider.ToByteArray()]);

    /// <summary>Removes an entry.</summary>
    /// <returns>False when there was none.</returns>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<bool> RemoveAsync(string riderId) =>
        (bool)await StoreScript.RiderRemove.RunAsync(store.Writes, [CompanyKeys.Riders, CompanyKeys.RiderIds], [riderId]);

    /// <summary>A page of riders in order of id, and the token of the next one; an empty token after the last.</summary>
    /// <param name="token">Of the page before; empty for the first one.</param>
    /// <param name="size">How many at the most.</param>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<(IReadOnlyList<V1.Rider> Riders, string NextToken)> PageAsync(string token, int size)
    {
        // One more tells whether there is another page.
        var ids = await store.Bulk.SortedSetRangeByValueAsync(
            CompanyKeys.RiderIds, token.Length > 0 ? token : default(RedisValue), default, Exclude.Start, skip: 0, take: size + 1);
        var page = ids.Take(size).ToArray();
        var stored = page.Length > 0 ? await store.Bulk.HashGetAsync(CompanyKeys.Riders, page) : [];
        // One that is removed meanwhile is left out.
        var riders = page.Zip(stored).Where(e => !e.Second.IsNull).Select(e => Read(e.First!, e.Second)).OfType<V1.Rider>();
        return ([.. riders], ids.Length > size ? (string)page[^1]! : "");
    }

    private V1.Rider? Read(string riderId, ReadOnlyMemory<byte> stored) =>
        store.Unreadable.Read(RecordKind.Entry, CompanyKeys.Riders, riderId, stored, bytes => V1.Rider.Parser.ParseFrom(bytes.Span));
}
