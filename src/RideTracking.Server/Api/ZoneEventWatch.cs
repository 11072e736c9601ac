using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Api;

/// <summary>Streams of zone events.</summary>
internal sealed class ZoneEventWatch(EventLog<V1.ZoneEvent> log, ServerClock clock, IOptions<ZoneOptions> options)
{
    private const int MaxZoneIds = 100;

    private readonly EventWatch<V1.ZoneEvent> _watch = new(log, clock, (options.Value.MaxWatchers, "Zones:MaxWatchers"));

    /// <exception cref="RpcException">INVALID_ARGUMENT; OUT_OF_RANGE when events after the cursor are not kept any more, or it is none of the store's; RESOURCE_EXHAUSTED.</exception>
    public Task RunAsync(V1.WatchZoneEventsRequest request, IServerStreamWriter<V1.WatchZoneEventsResponse> stream, CancellationToken cancellation)
    {
        var check = new RequestCheck();
        check.Require(request.ZoneIds.Count <= MaxZoneIds, "zone_ids", $"must be at most {MaxZoneIds}, not {request.ZoneIds.Count}");
        for (var i = 0; i < request.ZoneIds.Count && i < MaxZoneIds; i++)
        {
            check.Id($"zone_ids[{i}]", request.ZoneIds[i]);
        }

        var begin = EventWatchBegin.Of(check, request.HasAfterCursor ? request.AfterCursor : null);
        check.Pass();
        var zones = request.ZoneIds.ToHashSet(StringComparer.Ordinal);
        return _watch.RunAsync(
            begin,
            e => zones.Count == 0 || zones.Contains(e.ZoneId),
            (events, cursor) => stream.WriteAsync(new V1.WatchZoneEventsResponse { Events = { events }, Cursor = cursor }, cancellation),
            cancellation);
    }
}
