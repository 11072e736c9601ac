using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Zones;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using StackExchange.Redis;

namespace RideTracking.Server.Zones;

/// <summary>
/// Writes zone events down, and keeps the newest <see cref="ZoneOptions.EventsKept"/> of them. One loop writes; while the
/// store is away it tries again, so an event may be there twice, by its id once.
/// </summary>
internal sealed class ZoneEventWriter(
    Area area, EventLog<V1.ZoneEvent> log, ZoneTracking tracking, WriteAhead ahead, LogWriter writer, ZoneMetrics metrics, IOptions<ZoneOptions> options) : BackgroundService
{
    private const int BatchChanges = 100;
    // What Lua can unpack at once is limited. A driver in very many overlapping zones may change more of them in one step: that is
    // written in parts.
    private const int BatchEvents = 1000;

    private const string Together = "a batch";

    private static readonly TimeSpan SendOff = TimeSpan.FromSeconds(5);

    private readonly Loop _loop = area.MachineLoop("zone_events");

    // Taken and not yet written: of the loop alone.
    private readonly List<ZoneChange> _batch = [];

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The streams have ended; what their last fixes caused still gets its chance, unless the store is away.
        await ahead.AllWrittenAsync().WaitAsync(SendOff, area.Clock.Machine, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    // Stopped while the store is away, it loses nothing: the log, which waits, has not taken the fixes that caused this either.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _loop.WheneverAsync(WaitAsync, WriteNextAsync, stoppingToken);

    private ValueTask<bool> WaitAsync(CancellationToken stopping) => _batch.Count > 0 ? new(true) : tracking.Changes.WaitToReadAsync(stopping);

    private async Task WriteNextAsync(CancellationToken stopping)
    {
        var events = _batch.Sum(c => c.Events.Count);
        while (_batch.Count < BatchChanges && tracking.Changes.TryPeek(out var next) && (_batch.Count == 0 || events + next.Events.Count <= BatchEvents))
        {
            tracking.Changes.TryRead(out _);
            _batch.Add(next);
            events += next.Events.Count;
        }

        if (await _loop.TryAsync(Together, () => WriteAsync(_batch), stopping))
        {
            ahead.Written(_batch.Count);
            _batch.Clear();
            return;
        }

        // Something in it cannot be written. The log waits for all of it, so that is let go, and what its driver does just after it;
        // the rest is kept.
        while (_batch.Count > 0)
        {
            if (!await _loop.TryAsync(_batch[0].DriverId, () => WriteAsync([_batch[0]]), stopping))
            {
                metrics.Lost(_batch[0].Events.Count);
            }

            ahead.Written(1);
            _batch.RemoveAt(0);
        }
    }

    private async Task WriteAsync(List<ZoneChange> changes)
    {
        var happened = changes.SelectMany(c => c.Events.Select(e => (Of: c, Event: e))).ToList();
        var now = Timestamp.FromDateTimeOffset(area.Clock.GetUtcNow());
        for (var written = 0; written < happened.Count; written += BatchEvents)
        {
            var part = happened.Slice(written, Math.Min(BatchEvents, happened.Count - written));
            // Only one change is ever longer than a part. Its driver's visits come with the last one: who is killed before that judges the
            // driver's fix, which the log does not have, by the old ones again, and tells all of it again by the same ids.
            await WriteAsync(part, now, written + part.Count == happened.Count ? changes : []);
        }

        log.Written();
    }

    private async Task WriteAsync(List<(ZoneChange Of, ZoneEvent Event)> happened, Timestamp now, List<ZoneChange> changes)
    {
        List<ZoneChange> ofDrivers = [.. happened.Select(h => h.Of).Concat(changes).DistinctBy(c => (c.DriverId, c.By))];
        List<RedisValue> arguments = [options.Value.EventsKept, EventPosition.NewToken(), writer.Id, ofDrivers.Count];
        foreach (var change in ofDrivers)
        {
            arguments.Add(change.DriverId);
            arguments.Add(change.By?.LastClaim?.Epoch ?? RedisValue.EmptyString);
        }

        arguments.Add(happened.Count);
        foreach (var (change, e) in happened)
        {
            var wire = ZoneWire.Event(e, change.DriverId);
            wire.RecordedAt = now;
            arguments.Add(PlaceOf(change));
            arguments.Add(wire.ToByteArray());
        }

        // The last state of a driver is the one that counts.
        foreach (var last in changes.GroupBy(c => c.DriverId).Select(c => c.Last()))
        {
            arguments.Add(PlaceOf(last));
            arguments.Add(JsonSerializer.SerializeToUtf8Bytes(last.State));
        }

        await area.Feed.RunAsync(
            area.Writes, StoreScript.ZoneEvents, [area.Keys.ZoneEvents, area.Keys.ZoneEventsCursor, area.Keys.ZoneVisits, area.Keys.Connections], [.. arguments]);
        foreach (var (_, e) in happened)
        {
            metrics.Written(e.Kind);
        }

        int PlaceOf(ZoneChange change) => ofDrivers.FindIndex(c => c.DriverId == change.DriverId && c.By == change.By) + 1;
    }
}
