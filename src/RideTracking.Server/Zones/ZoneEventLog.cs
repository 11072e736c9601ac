using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Storage;
using RideTracking.Server.Storage.Log;
using StackExchange.Redis;

namespace RideTracking.Server.Zones;

/// <summary>
/// Zone events in the order in which they were written down, the newest <see cref="ZoneOptions.EventsKept"/> of them. One
/// loop writes; while the store is away it tries again, so an event may be there twice, by its id once.
/// </summary>
internal sealed partial class ZoneEventLog(
    RedisStore store, StoreKeys keys, ZoneTracking tracking, WriteAhead ahead, ServerClock clock, ZoneMetrics metrics, IOptions<ZoneOptions> options,
    ILogger<ZoneEventLog> logger) : BackgroundService
{
    private const int BatchChanges = 100;
    // What Lua can unpack at once is limited; a driver in very many overlapping zones may change all of them in one step.
    private const int BatchEvents = 1000;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SendOff = TimeSpan.FromSeconds(5);

    private volatile TaskCompletionSource _written = New();

    /// <summary>Completes when this node has written something more.</summary>
    public Task NextWrite => _written.Task;

    /// <summary>The cursor of the newest event; 0 before the first.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<ulong> NewestAsync() => (ulong)await store.Bulk.StringGetAsync(keys.ZoneEventsCursor);

    /// <summary>The cursor before the oldest event that is kept: who is behind it has missed some.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<ulong> OldestAsync()
    {
        var oldest = await store.Bulk.SortedSetRangeByRankWithScoresAsync(keys.ZoneEvents, 0, 0);
        return oldest.Length == 0 ? await NewestAsync() : (ulong)oldest[0].Score - 1;
    }

    /// <summary>Events after a cursor, oldest first.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<List<V1.ZoneEvent>> ReadAsync(ulong afterCursor, int most)
    {
        var members = await store.Bulk.SortedSetRangeByScoreAsync(keys.ZoneEvents, afterCursor, exclude: Exclude.Start, take: most);
        var events = new List<V1.ZoneEvent>(members.Length);
        foreach (byte[]? member in members)
        {
            var space = Array.IndexOf(member!, (byte)' ');
            var happened = V1.ZoneEvent.Parser.ParseFrom(member!, space + 1, member!.Length - space - 1);
            happened.Cursor = ulong.Parse(Encoding.ASCII.GetString(member, 0, space), CultureInfo.InvariantCulture);
            events.Add(happened);
        }

        return events;
    }

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

        Interlocked.Exchange(ref _written, New()).TrySetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Warning, "{Events} zone events wait for the store: {Message}")]
    private partial void LogAway(int events, string message);
}
