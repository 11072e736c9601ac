using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Zones;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Trips;
using StackExchange.Redis;

namespace RideTracking.Server.Zones;

/// <summary>
/// Who waits in which queue zone, first in, first out. Looks once a second: who came in and is available and idle joins by
/// the time of coming in; who is lost or seems to have left keeps the place for the grace; who has a trip, pauses or signs
/// off is out. What changed is kept in the store, then the drivers are told. The node that holds the area's work does so; the others take over
/// what it has kept, and know who is inside, so that any of them can go on.
/// </summary>
internal sealed class ZoneQueues(
    Area area, ZoneBook book, ZoneTracking tracking, CityFleet fleet, Dispatcher dispatcher, NodeLease lease, IOptions<ZoneOptions> options)
    : LoopService(area.Loop("zone_queues"), EverySecond)
{
    // Only the loop touches these.
    private readonly Dictionary<string, WaitingRoom> _rooms = new(StringComparer.Ordinal);
    private (int Restorations, int WorkTerm)? _readAt;

    // Kept by any node: of each zone the newest, so no more than there are zones.
    private readonly ConcurrentDictionary<string, Kept> _heard = new(StringComparer.Ordinal);

    // For matching, as of the last look.
    private volatile FrozenDictionary<string, ImmutableArray<string>> _ready = FrozenDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>The drivers to ask first for a pick-up at a place, in their order; empty outside of queue zones. Thread-safe.</summary>
    public ImmutableArray<string> ReadyAt(GeoPoint pickup)
    {
        var ready = _ready;
        return ready.Count == 0
            ? []
            : [.. book.Set.Containing(pickup).Where(z => z.Kind == ZoneKind.Queue).SelectMany(z => ready.GetValueOrDefault(z.Id, []))];
    }

    /// <summary>A node has kept who waits in a zone. Thread-safe.</summary>
    internal void Hear(FeedChange change) => _heard[change.Text(0)] = new Kept(change.Parts[1].ToArray(), change.Number);

    protected override async Task LookAsync(CancellationToken stopping)
    {
        var holdsWork = await lease.HoldsWorkAsync();
        await ReadAnewAsync(holdsWork);
        TakeHeard();
        var now = area.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        TakeEvents(now);
        var ready = new Dictionary<string, ImmutableArray<string>>(StringComparer.Ordinal);
        foreach (var (zoneId, room) in _rooms)
        {
            if (holdsWork)
            {
                await Loop.TryAsync(zoneId, () => LookIntoAsync(zoneId, room, now, ready, stopping), stopping);
            }
            else
            {
                room.Gone.Clear();
                ready[zoneId] = [.. room.Queue.Ready()];
            }
        }

        _ready = ready.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private async Task LookIntoAsync(
        string zoneId, WaitingRoom room, long now, Dictionary<string, ImmutableArray<string>> ready, CancellationToken stopping)
    {
        var isQueue = book.Set.Find(zoneId) is { Kind: ZoneKind.Queue };
        if (isQueue)
        {
            LookAround(room, now);
            ready[zoneId] = [.. room.Queue.Ready()];
        }
        else
        {
            room.Queue.Clear(room.Untold);
        }

        await KeepAsync(zoneId, room);
        await TellAsync(zoneId, room, stopping);
        if (!isQueue)
        {
            _rooms.Remove(zoneId);
        }
    }

    // At the start, when the store is back or does not follow on what was read of it, and when this node comes to hold the work.
    private async Task ReadAnewAsync(bool holdsWork)
    {
        var now = (area.StoreRestorations, lease.WorkTerm);
        if (_readAt == now)
        {
            return;
        }

        // Who has held the work all the while has written all of it: what the store has of it otherwise, the store has forgotten.
        var knowsBetter = holdsWork && _readAt?.WorkTerm == now.WorkTerm;
        // What was heard of a feed that has begun again is numbered as that is no more.
        _heard.Clear();
        var stored = (await area.Trips.HashGetAllAsync(area.Keys.ZoneQueues)).ToDictionary(e => (string)e.Name!, e => (byte[])e.Value!, StringComparer.Ordinal);
        foreach (var zoneId in _rooms.Keys.Union(stored.Keys, StringComparer.Ordinal).ToList())
        {
            var (room, kept) = (RoomOf(zoneId), new Kept(stored.GetValueOrDefault(zoneId, []), 0));
            if (knowsBetter)
            {
                room.Stored = kept;
            }
            else if (TakeOver(zoneId, room, kept))
            {
                foreach (var waiting in room.Queue.Entries)
                {
                    room.Inside.TryAdd(waiting.DriverId, new Guest(waiting.Token, waiting.JoinedAtUnixMs));
                }
            }
        }

        _readAt = now;
    }

    private void TakeHeard()
    {
        foreach (var (zoneId, kept) in _heard)
        {
            _heard.TryRemove(KeyValuePair.Create(zoneId, kept));
            if (RoomOf(zoneId) is var room && kept.Number > room.Stored.Number)
            {
                TakeOver(zoneId, room, kept);
            }
        }
    }

    // Another node's word; false when it cannot be read: then it is written over.
    private bool TakeOver(string zoneId, WaitingRoom room, Kept kept)
    {
        room.Stored = kept;
        if (area.Unreadable.Read(RecordKind.ZoneQueue, area.Keys.ZoneQueues, zoneId, kept.Record, EntriesOf) is not { } entries)
        {
            return false;
        }

        room.Queue.Restore(entries);
        return true;
    }

    private static QueueEntry[] EntriesOf(byte[] kept) =>
        kept.Length == 0 ? []
        : JsonSerializer.Deserialize<QueueEntry[]>(kept) is { } entries && entries.All(e => e is { DriverId.Length: > 0 })
        && entries.DistinctBy(e => e.DriverId, StringComparer.Ordinal).Count() == entries.Length
            ? entries
            : throw new InvalidDataException("Whoever waits is named, and once.");

    private void TakeEvents(long now)
    {
        while (tracking.AtQueues.TryRead(out var happened))
        {
            var room = RoomOf(happened.ZoneId);
            if (happened.Kind == ZoneEventKind.Enter)
            {
                room.Inside[happened.DriverId] = new Guest(happened.EventId, happened.AtUnixMs);
            }
            else if (room.Inside.Remove(happened.DriverId) && happened.Cause is ZoneEventCause.Left or ZoneEventCause.WentStale)
            {
                room.Queue.Away(happened.DriverId, now);
            }
            else
            {
                room.Gone.Add(happened.DriverId);
            }
        }
    }

    private void LookAround(WaitingRoom room, long now)
    {
        foreach (var driverId in room.Gone)
        {
            room.Queue.Leave(driverId, token: null, room.Untold);
        }

        room.Gone.Clear();
        // In the order in which they came, so that nobody is told a place and at once a worse one.
        foreach (var (driverId, guest) in room.Inside.OrderBy(g => g.Value.SinceUnixMs).ThenBy(g => g.Key, StringComparer.Ordinal))
        {
            if (!fleet.TryGet(driverId, out var driver))
            {
                continue;
            }

            var status = driver.Status;
            var mayWait = status.Availability == DriverAvailability.Available && status.Work is DriverWork.Idle or DriverWork.Offered;
            if (!mayWait)
            {
                room.Queue.Leave(driverId, token: null, room.Untold);
                // Comes back at the end, when free again.
                room.Inside[driverId] = guest with { SinceUnixMs = now };
            }
            else if (status.Link != DriverLink.Connected)
            {
                room.Queue.Away(driverId, now);
            }
            else
            {
                room.Queue.Join(driverId, guest.SinceUnixMs, guest.Token, room.Untold);
            }
        }

        room.Queue.Expire(now, room.Untold);
    }

    private async Task KeepAsync(string zoneId, WaitingRoom room)
    {
        var entries = room.Queue.Entries;
        byte[] record = entries.IsEmpty ? [] : JsonSerializer.SerializeToUtf8Bytes<IEnumerable<QueueEntry>>(entries);
        if (room.Stored.Record.AsSpan().SequenceEqual(record))
        {
            return;
        }

        var reply = (RedisValue[])(await area.Feed.RunAsync(area.Writes, StoreScript.ZoneQueue, [area.Keys.ZoneQueues], [zoneId, room.Stored.Record, record]))!;
        if (reply[0] == "ok")
        {
            room.Stored = new Kept(record, (ulong)reply[1]);
        }
        else if (TakeOver(zoneId, room, new Kept((byte[])reply[1]!, 0)))
        {
            // Another node has the say, or had it until now: the next look goes on from there.
            room.Untold.Clear();
        }
    }

    // A driver who cannot be told keeps neither the others from hearing nor the queue from moving on.
    private async Task TellAsync(string zoneId, WaitingRoom room, CancellationToken stopping)
    {
        var name = book.Set.Find(zoneId)?.Name ?? "";
        // Of several places of one driver only the last is true.
        foreach (var place in room.Untold.GroupBy(t => t.DriverId).Select(g => g.Last()))
        {
            await Loop.TryAsync(
                $"{zoneId} {place.DriverId}",
                () => dispatcher.TellAsync(
                    place.DriverId, CommandWire.QueuePosition(zoneId, name, place.Place, room.Queue.Count, options.Value.Queue.ExactPlaces, area.Clock.GetUtcNow())),
                stopping);
        }

        room.Untold.Clear();
    }

    private WaitingRoom RoomOf(string zoneId)
    {
        if (!_rooms.TryGetValue(zoneId, out var room))
        {
            _rooms[zoneId] = room = new WaitingRoom(new ZoneQueue(options.Value.Queue));
        }

        return room;
    }

    /// <summary>A driver inside; since when it counts as waiting.</summary>
    private sealed record Guest(Guid Token, long SinceUnixMs);

    private sealed class WaitingRoom(ZoneQueue queue)
    {
        public ZoneQueue Queue { get; } = queue;

        public Dictionary<string, Guest> Inside { get; } = new(StringComparer.Ordinal);

        /// <summary>Kept until the store has it; a repeat says the same.</summary>
        public List<QueuePlace> Untold { get; } = [];

        public HashSet<string> Gone { get; } = new(StringComparer.Ordinal);

        /// <summary>What the store is known to have of it.</summary>
        public Kept Stored { get; set; } = new([], 0);
    }

    /// <summary>Who waits in a zone, as it was kept: empty for nobody; and the number of that change in the feed, 0 where it is not known.</summary>
    private sealed record Kept(byte[] Record, ulong Number);
}
