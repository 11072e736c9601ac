using System.Collections.Concurrent;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>
/// Tells the other nodes whose streams have ended here. Of each driver what is so now is told, so what waits while the store is away is
/// bounded by the drivers. Thread-safe.
/// </summary>
public sealed class LostLinks(Area area) : BackgroundService
{
    private const int AtOnce = 500;

    private readonly ConcurrentDictionary<string, DriverClaim> _lost = new(StringComparer.Ordinal);
    private readonly Signal _wanted = new();

    /// <summary>A stream has ended that had its driver by this claim.</summary>
    public void Add(string driverId, DriverClaim claim)
    {
        // Of two streams of a driver the older one may end last.
        _lost.AddOrUpdate(driverId, claim, (_, other) => other.Epoch > claim.Epoch && other.Writer == claim.Writer ? other : claim);
        _wanted.Set();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => area.MachineLoop("lost_links").WheneverAsync(WaitAsync, WriteAsync, stoppingToken);

    // What failed waits here, and needs no signal.
    private ValueTask<bool> WaitAsync(CancellationToken stopping) => _lost.IsEmpty ? _wanted.WaitAsync(stopping) : new(true);

    /// <summary>Tells what waits.</summary>
    /// <exception cref="RedisException">The store is away; what was not told waits.</exception>
    internal async Task WriteAsync(CancellationToken stopping)
    {
        foreach (var ofWriter in _lost.ToArray().GroupBy(l => l.Value.Writer, StringComparer.Ordinal))
        {
            foreach (var some in ofWriter.Chunk(AtOnce))
            {
                await area.Feed.RunAsync(
                    area.Writes, StoreScript.LinksLost, [area.Keys.Links(ofWriter.Key)], [ofWriter.Key, .. some.SelectMany(l => new RedisValue[] { l.Key, l.Value.Epoch })]);
                foreach (var lost in some)
                {
                    _lost.TryRemove(lost);
                }
            }
        }
    }
}
