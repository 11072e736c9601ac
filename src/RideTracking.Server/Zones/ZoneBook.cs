using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Zones;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Zones;

/// <summary>All zones: in the store, in memory as they were given, and as the set that places are looked up in. Thread-safe.</summary>
public sealed partial class ZoneBook(Area area, RedisStore store, ZoneTracking tracking, IOptions<ZoneOptions> options, ILogger<ZoneBook> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Prepared> _prepared = new(StringComparer.Ordinal);
    private volatile ZoneSet _set = ZoneSet.Empty;

    /// <summary>As they were given.</summary>
    public DirectoryEntries<V1.Zone> Entries { get; } = new(store, area.Feed, "zone", area.Keys.Zones, V1.Zone.Parser);

    /// <summary>As they are looked up.</summary>
    public ZoneSet Set => _set;

    /// <summary>Makes or changes a zone that was checked.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public async Task<V1.Zone> SetAsync(V1.Zone zone)
    {
        var known = Entries.Find(zone.ZoneId) is not null;
        if (!known && Entries.Count >= options.Value.MaxZones)
        {
            throw Refusal.Exhausted("TOO_MANY_ZONES", $"There are {options.Value.MaxZones} zones already (Zones:MaxZones).").ToRpcException();
        }

        var points = _set.Zones.Where(z => z.Id != zone.ZoneId).Sum(z => (long)z.Geometry.PointCount) + ZoneWire.Zone(zone, options.Value.Limits).Geometry.PointCount;
        if (points > options.Value.MaxPointsTogether)
        {
            throw Refusal.Exhausted(
                "TOO_MANY_POINTS", $"All zones together may have {options.Value.MaxPointsTogether} points (Zones:MaxPointsTogether); with this one they have {points}.").ToRpcException();
        }

        await area.TimeKnownAsync();
        var now = area.Clock.GetUtcNow();
        var kept = await Entries.SetNumberedAsync(zone.ZoneId, area.Keys.ZonesVersion, now, version =>
        {
            var numbered = zone.Clone();
            numbered.Version = version;
            numbered.UpdatedAt = Timestamp.FromDateTimeOffset(now);
            return numbered;
        });
        Rebuild();
        return kept;
    }

    /// <summary>Removes a zone.</summary>
    /// <returns>False when there was none.</returns>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public async Task<bool> RemoveAsync(string zoneId)
    {
        var was = await Entries.RemoveAsync(zoneId);
        Rebuild();
        return was;
    }

    /// <summary>Takes the store's word for everything.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    internal async Task LoadAsync()
    {
        await Entries.LoadAsync();
        Rebuild();
    }

    /// <summary>A node has changed a zone.</summary>
    internal void Hear(FeedChange change)
    {
        if (Entries.Apply(change))
        {
            Rebuild();
        }
    }

    // Parsing is what costs, so what has not changed is not parsed again, what cannot be used neither.
    private void Rebuild()
    {
        lock (_lock)
        {
            var entries = Entries.After("", int.MaxValue);
            var zones = new List<Zone>();
            foreach (var wire in entries)
            {
                if (!_prepared.TryGetValue(wire.ZoneId, out var prepared) || prepared.Version != wire.Version)
                {
                    _prepared[wire.ZoneId] = prepared = Prepare(wire);
                }

                if (prepared.Zone is { } zone)
                {
                    zones.Add(zone);
                }
            }

            foreach (var gone in _prepared.Keys.Except(entries.Select(z => z.ZoneId)).ToList())
            {
                _prepared.Remove(gone);
            }

            var set = ZoneSet.Of(zones);
            _set = set;
            tracking.Apply(set);
        }
    }

    private Prepared Prepare(V1.Zone wire)
    {
        try
        {
            return new Prepared(wire.Version, ZoneWire.Zone(wire, options.Value.Limits));
        }
        catch (Exception e)
        {
            // It was checked when it was given; the limits have been lowered since, or it was damaged.
            LogUnusable(wire.ZoneId, e.Message);
            return new Prepared(wire.Version, null);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The zone {ZoneId} is not used: {Problem} Mend the zone, or raise Zones:Limits")]
    private partial void LogUnusable(string zoneId, string problem);

    /// <summary>A version of a zone, made to be looked up in; without the zone when it cannot be.</summary>
    private sealed record Prepared(ulong Version, Zone? Zone);
}
