using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Zones;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Zones;

/// <summary>What a driver did at zones, and which zones it is in after that.</summary>
/// <param name="DriverId">The driver.</param>
/// <param name="Events">What it did.</param>
/// <param name="State">Where it is after that.</param>
/// <param name="By">Whose fix told it; null when it is so by time alone.</param>
internal sealed record ZoneChange(string DriverId, IReadOnlyList<ZoneEvent> Events, DriverZoneState State, Carrier? By);

/// <summary>A driver came into or out of a queue zone.</summary>
internal readonly record struct AtQueue(string ZoneId, string DriverId, ZoneEventKind Kind, ZoneEventCause Cause, Guid EventId, long AtUnixMs);

/// <summary>
/// Holds each fix against the zones, before the log has it, and hands what happened to <see cref="ZoneEventWriter"/>.
/// Thread-safe: each driver by one thread at a time. While too many changes wait for the store, nobody is judged: then the
/// next fix that is judged tells where the driver is, late.
/// </summary>
public sealed class ZoneTracking
{
    // Drivers looked at in one go for dwell times and changed zones.
    private const int SweepChunk = 4096;

    [ThreadStatic]
    private static List<ZoneEvent>? _happened;

    private readonly Area _area;
    private readonly WriteAhead _ahead;
    private readonly DriverDuty _duty;
    private readonly LogWriter _writer;
    private readonly DriverSlots _slots;
    private readonly ZoneMetrics _metrics;
    private readonly ZoneTracker _tracker;
    private readonly Channel<ZoneChange> _changes;
    // Read every second, and of no more than the drivers who crossed a border in it.
    private readonly Channel<AtQueue> _atQueues = Channel.CreateUnbounded<AtQueue>(new UnboundedChannelOptions { SingleReader = true });
    private readonly int _capacity;

    // Drivers who went stale while another node may have had to tell it. Bounded by the drivers.
    private readonly ConcurrentDictionary<int, bool> _undecided = new();
    private volatile bool _isWanted;

    /// <summary>Made once, by <c>AddZones</c>.</summary>
    internal ZoneTracking(
        Area area, WriteAhead ahead, CityFleet fleet, DriverDuty duty, LogWriter writer, ZoneMetrics metrics, IOptions<ZoneOptions> options)
    {
        (_area, _ahead, _slots, _duty, _writer, _metrics) = (area, ahead, fleet.Slots, duty, writer, metrics);
        _tracker = new ZoneTracker(_slots, ZoneSet.Empty, options.Value.Tracker);
        _capacity = options.Value.MaxWaitingChanges;
        // Unbounded by itself: the bound is kept before a driver is judged, since a change once found must not be dropped.
        _changes = Channel.CreateUnbounded<ZoneChange>(new UnboundedChannelOptions { SingleReader = true });
        metrics.ObserveWaiting(() => ahead.Waiting);
    }

    internal ChannelReader<ZoneChange> Changes => _changes.Reader;

    internal ChannelReader<AtQueue> AtQueues => _atQueues.Reader;

    private long Now => _area.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private bool IsFull => _ahead.Waiting >= _capacity;

    /// <summary>The zones have changed.</summary>
    public void Apply(ZoneSet set)
    {
        _tracker.Apply(set, Now);
        // Once there was a zone, drivers may be in one that is no more.
        _isWanted |= set.Zones.Length > 0;
    }

    /// <summary>A fix has passed the gate. Costs next to nothing where there are no zones.</summary>
    public void Observe(int slot, Carrier by, in Fix fix, FixOutcome outcome, DriverStatus status)
    {
        if (!_isWanted)
        {
            return;
        }

        Heard(slot);
        if (IsFull)
        {
            _metrics.Unjudged();
            return;
        }

        var happened = _happened ??= [];
        happened.Clear();
        if (status.Availability == DriverAvailability.Offline && status.Work != DriverWork.OnTrip)
        {
            _tracker.SignOff(slot, fix.FixedAtUnixMs, happened);
        }
        else
        {
            _tracker.Observe(slot, by.SessionId, fix, outcome, happened);
        }

        Keep(slot, happened, by);
    }

    /// <summary>A driver was not heard for too long.</summary>
    public void GoStale(int slot)
    {
        if (!_isWanted)
        {
            return;
        }

        // While nobody knows whose it is, it is asked again with each sweep.
        _undecided[slot] = true;
        TellStale(slot);
    }

    /// <summary>Another node has heard of the driver.</summary>
    public void Heard(int slot)
    {
        if (!_undecided.IsEmpty)
        {
            _undecided.TryRemove(slot, out _);
        }
    }

    private void TellStale(int slot)
    {
        if (_duty.IsOurs(_slots.IdOf(slot)) && _undecided.TryRemove(slot, out _))
        {
            var happened = _happened ??= [];
            happened.Clear();
            _tracker.GoStale(slot, Now, happened);
            Keep(slot, happened);
        }
    }

    /// <summary>Whether the driver is in any zone, as told so far; for tests, which wait for it.</summary>
    internal bool IsInside(string driverId) => _tracker.VisitsOf(_slots.GetOrAdd(driverId)) > 0;

    /// <summary>Once a second: dwell times that are due, and what changed zones mean for those who stand still. By one thread.</summary>
    internal void Sweep()
    {
        if (!_isWanted)
        {
            return;
        }

        foreach (var slot in _undecided.Keys)
        {
            TellStale(slot);
        }

        var from = 0;
        do
        {
            if (IsFull)
            {
                return;
            }

            var happened = new List<ZoneEvent>();
            from = _tracker.Sweep(from, SweepChunk, Now, happened, slot => _duty.IsOurs(_slots.IdOf(slot)));
            foreach (var ofDriver in happened.GroupBy(e => e.Slot))
            {
                Keep(ofDriver.Key, [.. ofDriver]);
            }
        }
        while (from != 0);
    }

    /// <summary>Puts back which zones each driver was in.</summary>
    /// <returns>Of how many drivers.</returns>
    internal async Task<int> RestoreAsync()
    {
        var restored = 0;
        await foreach (var entry in _area.Bulk.HashScanAsync(_area.Keys.ZoneVisits, pageSize: 1000))
        {
            if (_area.Unreadable.Read(RecordKind.ZoneVisits, _area.Keys.ZoneVisits, entry.Name, entry, Restore))
            {
                restored++;
            }
        }

        return restored;
    }

    /// <summary>
    /// Takes the store's word for the drivers of other nodes, of whom something was not heard, or forgotten. Of its own this node knows more.
    /// </summary>
    internal async Task ReadAnewAsync()
    {
        await foreach (var entry in _area.Bulk.HashScanAsync(_area.Keys.ZoneVisits, pageSize: 1000))
        {
            if (!_duty.IsOurs(entry.Name!))
            {
                _area.Unreadable.Read(
                    RecordKind.ZoneVisits, _area.Keys.ZoneVisits, entry.Name, entry, e => TakeOver(e.Name!, ((ReadOnlyMemory<byte>)e.Value).Span));
            }
        }
    }

    /// <summary>Another node has written which zones a driver is in.</summary>
    internal void HearVisits(FeedChange change)
    {
        if (!_writer.IsOwn(change.Text(2)) && !_duty.IsCarriedHere(change.Text(0)))
        {
            Heard(_slots.GetOrAdd(change.Text(0)));
            TakeOver(change.Text(0), change.Parts[1].Span);
        }
    }

    private bool TakeOver(string driverId, ReadOnlySpan<byte> visits)
    {
        if (JsonSerializer.Deserialize<DriverZoneState>(visits) is not { } state)
        {
            return false;
        }

        _tracker.Replace(_slots.GetOrAdd(driverId), state);
        _isWanted = true;
        return true;
    }

    /// <summary>Another node has written what a driver did: whoever waits in queues is known on all.</summary>
    internal void HearEvent(FeedChange change)
    {
        if (_writer.IsOwn(change.Text(1)))
        {
            return;
        }

        var e = V1.ZoneEvent.Parser.ParseFrom(change.Parts[0].Span);
        if (e is { ZoneKind: V1.ZoneKind.Queue, Kind: not V1.ZoneEventKind.Dwell, Late: false })
        {
            _atQueues.Writer.TryWrite(new AtQueue(
                e.ZoneId, e.DriverId, (ZoneEventKind)e.Kind, (ZoneEventCause)e.Cause, Guid.Parse(e.EventId), e.HappenedAt.ToDateTimeOffset().ToUnixTimeMilliseconds()));
        }
    }

    private bool Restore(HashEntry entry)
    {
        if (JsonSerializer.Deserialize<DriverZoneState>((byte[])entry.Value!) is not { } state || !_tracker.Restore(_slots.GetOrAdd(entry.Name!), state))
        {
            return false;
        }

        _isWanted = true;
        foreach (var visit in state.Visits.Where(v => v.ZoneKind == ZoneKind.Queue))
        {
            _atQueues.Writer.TryWrite(
                new AtQueue(visit.ZoneId, entry.Name!, ZoneEventKind.Enter, ZoneEventCause.Moved, visit.EnterId, visit.EnteredAtUnixMs));
        }

        return true;
    }

    private void Keep(int slot, List<ZoneEvent> happened, Carrier? by = null)
    {
        if (happened.Count > 0 && _tracker.Save(slot) is { } state)
        {
            foreach (var e in happened)
            {
                // A late one repairs history; who waits is about the present.
                if (e.ZoneKind == ZoneKind.Queue && e.Kind != ZoneEventKind.Dwell && !e.Late)
                {
                    _atQueues.Writer.TryWrite(new AtQueue(e.ZoneId, _slots.IdOf(slot), e.Kind, e.Cause, e.Id, e.HappenedAtUnixMs));
                }
            }

            _ahead.Caused();
            _changes.Writer.TryWrite(new ZoneChange(_slots.IdOf(slot), [.. happened], state, by));
        }
    }
}
