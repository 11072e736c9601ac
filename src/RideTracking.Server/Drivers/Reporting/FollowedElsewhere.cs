using System.Collections.Concurrent;
using System.Globalization;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Drivers.Reporting;

/// <summary>
/// Whom somebody follows live on other nodes, so that their apps report as closely as if it were here. A node tells within a second of whom
/// it follows and does not carry, and again while that lasts; what is not told again is over. Thread-safe.
/// </summary>
internal sealed class FollowedElsewhere(Area area, PositionFanout fanout, DriverSlots slots, DriverLinks links, LogWriter writer)
    : LoopService(area.MachineLoop("followed_elsewhere"), EverySecond)
{
    private const int AtOnce = 1_000;

    private static readonly TimeSpan Holds = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ToldAgainAfter = TimeSpan.FromSeconds(20);

    // Until when, by the area's time (ms). Bounded by the connected drivers.
    private readonly ConcurrentDictionary<string, long> _until = new(StringComparer.Ordinal);

    // When each was told last, by the area's time (ms). The loop's alone.
    private Dictionary<string, long> _told = new(StringComparer.Ordinal);

    private long Now => area.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether somebody does.</summary>
    public bool IsFollowed(string driverId) => _until.TryGetValue(driverId, out var until) && until > Now;

    /// <summary>A node has told of some: until when it holds, and the drivers.</summary>
    internal void Hear(FeedChange change)
    {
        var until = long.Parse(change.Text(0), CultureInfo.InvariantCulture);
        for (var at = 1; at < change.Parts.Count; at++)
        {
            _until[change.Text(at)] = until;
        }
    }

    /// <inheritdoc/>
    protected override async Task LookAsync(CancellationToken stopping)
    {
        var now = Now;
        foreach (var over in _until.Where(u => u.Value <= now))
        {
            _until.TryRemove(over);
        }

        if (writer.HasListeners)
        {
            await TellAsync(now);
        }
    }

    private async Task TellAsync(long now)
    {
        string[] followed = [.. fanout.FollowedSlots().Select(slots.IdOf).Where(links.IsConnected)];
        // Who is followed no more is forgotten, and told at once when followed again.
        _told = followed.Where(_told.ContainsKey).ToDictionary(d => d, d => _told[d], StringComparer.Ordinal);
        var due = followed.Where(d => now - _told.GetValueOrDefault(d) >= ToldAgainAfter.TotalMilliseconds);
        foreach (var some in due.Chunk(AtOnce))
        {
            await area.Feed.RunAsync(area.Writes, StoreScript.Tell, [], ["followed", now + (long)Holds.TotalMilliseconds, .. some]);
            foreach (var driverId in some)
            {
                _told[driverId] = now;
            }
        }
    }
}
