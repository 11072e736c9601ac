using System.Runtime.CompilerServices;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>The drivers' last fixes, as the store keeps them; those that cannot be read are passed over. Thread-safe.</summary>
public sealed class LastFixes(RedisStore store, StoreKeys keys)
{
    /// <summary>A driver's last fix; null when there is none.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<LastFix?> ReadAsync(string driverId) => Parse(driverId, (byte[]?)await store.Bulk.HashGetAsync(keys.LastFixes, driverId));

    /// <summary>The last fixes of some drivers, of those who have one.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<IEnumerable<(string DriverId, LastFix Last)>> ReadAsync(string[] driverIds)
    {
        var stored = await store.Bulk.HashGetAsync(keys.LastFixes, [.. driverIds.Select(d => (RedisValue)d)]);
        return driverIds.Zip(stored, (driverId, value) => (driverId, Parse(driverId, (byte[]?)value))).Where(d => d.Item2 is not null).Select(d => (d.driverId, d.Item2!.Value));
    }

    /// <summary>All of them. What is written meanwhile may or may not be among them.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async IAsyncEnumerable<(string DriverId, LastFix Last)> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var entry in store.Bulk.HashScanAsync(keys.LastFixes, pageSize: 1000).WithCancellation(cancellation))
        {
            if (Parse(entry.Name!, (byte[]?)entry.Value) is { } last)
            {
                yield return (entry.Name!, last);
            }
        }
    }

    internal LastFix? Parse(string driverId, byte[]? stored) => store.Unreadable.Read(RecordKind.LastFix, keys.LastFixes, driverId, stored, LastFix.Parse);
}
