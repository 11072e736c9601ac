using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Refusals;
using RideTracking.Server.Storage;

namespace RideTracking.Server.Zones;

/// <summary>
/// Streams of zone events. Each reads from the store after its own cursor, as fast as it is read: nothing waits in memory
/// for a slow one.
/// </summary>
internal sealed class ZoneEventWatch(ZoneEventLog log, ServerClock clock, IOptions<ZoneOptions> options)
{
    private const int PageEvents = 500;
    private const int MaxZoneIds = 100;

    // Another node's events are found by looking.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(20);

    private int _watchers;

    /// <exception cref="RpcException">INVALID_ARGUMENT; OUT_OF_RANGE when events after the cursor are not kept any more; RESOURCE_EXHAUSTED.</exception>
    public async Task RunAsync(V1.WatchZoneEventsRequest request, IServerStreamWriter<V1.WatchZoneEventsResponse> stream, CancellationToken cancellation)
    {
        var check = new RequestCheck();
        check.Require(request.ZoneIds.Count <= MaxZoneIds, "zone_ids", $"must be at most {MaxZoneIds}, not {request.ZoneIds.Count}");
        for (var i = 0; i < request.ZoneIds.Count && i < MaxZoneIds; i++)
        {
            check.Id($"zone_ids[{i}]", request.ZoneIds[i]);
        }

        check.Pass();
        try
        {
            if (Interlocked.Increment(ref _watchers) > options.Value.MaxWatchers)
            {
                throw Refusal.Exhausted("TOO_MANY_WATCHERS", $"{options.Value.MaxWatchers} streams of zone events are open already (Zones:MaxWatchers).").ToRpcException();
            }

            await WatchAsync(request, stream, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    private async Task WatchAsync(V1.WatchZoneEventsRequest request, IServerStreamWriter<V1.WatchZoneEventsResponse> stream, CancellationToken cancellation)
    {
        var cursor = request.HasAfterCursor ? await KnownAsync(request.AfterCursor) : await log.NewestAsync();
        var zones = request.ZoneIds.ToHashSet(StringComparer.Ordinal);
        // Where it begins, at once: who was told this cursor misses nothing from here on.
        await stream.WriteAsync(new V1.WatchZoneEventsResponse { Cursor = cursor }, cancellation);
        var writtenAt = clock.Machine.GetTimestamp();
        while (true)
        {
            var next = log.NextWrite;
            if (await TryReadAsync(cursor) is not { Count: > 0 } events)
            {
                if (clock.Machine.GetElapsedTime(writtenAt) >= LongestSilence)
                {
                    await stream.WriteAsync(new V1.WatchZoneEventsResponse { Cursor = cursor }, cancellation);
                    writtenAt = clock.Machine.GetTimestamp();
                }

                await Task.WhenAny(next, Task.Delay(LookInterval, clock.Machine, cancellation));
                cancellation.ThrowIfCancellationRequested();
                continue;
            }

            if (events[0].Cursor > cursor + 1)
            {
                await KnownAsync(cursor); // Too slow: what comes next was removed meanwhile.
            }

            cursor = events[^1].Cursor;
            var response = new V1.WatchZoneEventsResponse { Cursor = cursor };
            response.Events.AddRange(zones.Count == 0 ? events : events.Where(e => zones.Contains(e.ZoneId)));
            if (response.Events.Count > 0)
            {
                await stream.WriteAsync(response, cancellation);
                writtenAt = clock.Machine.GetTimestamp();
            }
        }
    }

    private async Task<List<V1.ZoneEvent>?> TryReadAsync(ulong cursor)
    {
        try
        {
            return await log.ReadAsync(cursor, PageEvents);
        }
        catch (Exception e) when (RedisStore.IsAway(e))
        {
            return null; // It goes on when the store is back.
        }
    }

    private async Task<ulong> KnownAsync(ulong cursor)
    {
        var oldest = await log.OldestAsync();
        return cursor >= oldest
            ? cursor
            : throw Refusal.OutOfRange(
                "CURSOR_TOO_OLD", $"The events after {cursor} are not kept any more. Begin anew after {oldest}, and ask for the state by other means.",
                ("oldest_cursor", $"{oldest}")).ToRpcException();
    }
}
