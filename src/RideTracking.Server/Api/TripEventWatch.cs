using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Api;

/// <summary>Streams of trip events, which each commit writes with what it changes.</summary>
internal sealed class TripEventWatch
{
    private const int MaxKinds = 100;

    private readonly EventWatch<V1.LoggedTripEvent> _watch;
    private readonly StoreKeys _keys;

    public TripEventWatch(EventLog<V1.LoggedTripEvent> log, StoreKeys keys, ServerClock clock, IOptions<TripOptions> options)
    {
        _keys = keys;
        _watch = new EventWatch<V1.LoggedTripEvent>(log, clock, (options.Value.MaxEventWatchers, "Trips:MaxEventWatchers"));
    }

    /// <exception cref="RpcException">INVALID_ARGUMENT; OUT_OF_RANGE when events after the cursor are not kept any more, or it is none of the store's; RESOURCE_EXHAUSTED.</exception>
    public Task RunAsync(V1.WatchTripEventsRequest request, IServerStreamWriter<V1.WatchTripEventsResponse> stream, CancellationToken cancellation)
    {
        var check = new RequestCheck();
        check.Require(request.TripId.Length == 0 || TripIds.IsPlausible(_keys, request.TripId), "trip_id", "must be a trip of this area, or empty");
        check.OptionalId("rider_id", request.RiderId);
        check.OptionalId("driver_id", request.DriverId);
        check.Require(request.Kinds.Count <= MaxKinds, "kinds", $"must be at most {MaxKinds}, not {request.Kinds.Count}");
        for (var i = 0; i < request.Kinds.Count && i < MaxKinds; i++)
        {
            check.Choice($"kinds[{i}]", request.Kinds[i]);
        }

        var begin = EventWatchBegin.Of(check, request.HasAfterCursor ? request.AfterCursor : null);
        check.Pass();
        return _watch.RunAsync(
            begin,
            e => IsWanted(e, request),
            (events, cursor) => stream.WriteAsync(new V1.WatchTripEventsResponse { Events = { events }, Cursor = cursor }, cancellation),
            cancellation);
    }

    private static bool IsWanted(V1.LoggedTripEvent happened, V1.WatchTripEventsRequest request) =>
        (request.TripId.Length == 0 || request.TripId == happened.TripId)
        && (request.RiderId.Length == 0 || request.RiderId == happened.RiderId)
        && (request.DriverId.Length == 0 || request.DriverId == happened.DriverId || request.DriverId == happened.Event.DriverId)
        && (request.Kinds.Count == 0 || request.Kinds.Contains(happened.Event.Kind));
}
