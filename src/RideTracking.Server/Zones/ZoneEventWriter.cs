using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
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
internal sealed partial class ZoneEventWriter(
    RedisStore store, StoreKeys keys, EventLog<V1.ZoneEvent> log, ZoneTracking tracking, WriteAhead ahead, ServerClock clock, ZoneMetrics metrics, IOptions<ZoneOptions> options,
    ILogger<ZoneEventWriter> logger) : BackgroundService
{
    private const int BatchChanges = 100;
    // What Lua can unpack at once is limited; a driver in very many overlapping zones may change all of them in one step.
    private const int BatchEvents = 1000;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SendOff = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The streams have ended; what their last fixes caused still gets its chance, unless the store is away.
        await ahead.AllWrittenAsync().WaitAsync(SendOff, clock.Machine, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<ZoneChange>();
        try
        {
            while (await tracking.Changes.WaitToReadAsync(stoppingToken))
            {
                var events = 0;
                while (batch.Count < BatchChanges && tracking.Changes.TryPeek(out var next) && (batch.Count == 0 || events + next.Events.Count <= BatchEvents))
                {
                    tracking.Changes.TryRead(out _);
                    batch.Add(next);
                    events += next.Events.Count;
                }

                await WriteAsync(batch, stoppingToken);
                ahead.Written(batch.Count);
                batch.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops while the store is away. The log, which waits, has not taken the fixes that caused this either.
        }
    }

    private async Task WriteAsync(List<ZoneChange> changes, CancellationToken stoppingToken)
    {
        var happened = changes.SelectMany(c => c.Events.Select(e => (c.DriverId, Event: e))).ToList();
        var now = Timestamp.FromDateTimeOffset(clock.GetUtcNow());
        List<RedisValue> arguments = [options.Value.EventsKept, happened.Count];
        foreach (var (driverId, e) in happened)
        {
            var wire = ZoneWire.Event(e, driverId);
            wire.RecordedAt = now;
            arguments.Add(wire.ToByteArray());
        }

        // The last state of a driver is the one that counts.
        foreach (var ofDriver in changes.GroupBy(c => c.DriverId))
        {
            arguments.Add(ofDriver.Key);
            arguments.Add(JsonSerializer.SerializeToUtf8Bytes(ofDriver.Last().State));
        }

        while (true)
        {
            try
            {
                await StoreScript.ZoneEvents.RunAsync(store.Trips, [keys.ZoneEvents, keys.ZoneEventsCursor, keys.ZoneVisits], [.. arguments]);
                break;
            }
            catch (Exception e) when (RedisStore.IsFailure(e))
            {
                LogAway(happened.Count, e.Message);
                await Task.Delay(Retry, clock.Machine, stoppingToken);
            }
        }

        foreach (var (_, e) in happened)
        {
            metrics.Written(e.Kind);
        }

        log.Written();
    }

    [LoggerMessage(LogLevel.Warning, "{Events} zone events wait for the store: {Message}")]
    private partial void LogAway(int events, string message);
}
