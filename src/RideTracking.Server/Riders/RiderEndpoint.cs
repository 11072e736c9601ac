using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Dispatch;
using RideTracking.Server.Incidents;
using RideTracking.Server.Refusals;
using RideTracking.Server.Riders.Nearby;
using RideTracking.Server.Sharing;
using RideTracking.Server.Storage;
using RideTracking.Server.Storage.Trips;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Riders;

/// <summary>Rides for the rider's app. A trip that is not the caller's is as if it were not there.</summary>
internal sealed class RiderEndpoint(
    Dispatcher dispatcher,
    TripBook book,
    TripStore trips,
    TripView view,
    TripEstimate estimate,
    TripTracking tracking,
    DrivenPaths driven,
    StoreKeys keys,
    DriverSlots slots,
    DriverIndex index,
    PositionFanout fanout,
    TripAdmission admission,
    IncidentDesk incidents,
    TimeProvider time,
    FollowerMetrics followers,
    NearbyWatch nearby,
    NearbyLimits nearbyLimits,
    SharedTrips shared,
    WatchStreams watches) : V1.RiderService.RiderServiceBase
{
    public override Task<V1.EstimateTripResponse> EstimateTrip(V1.EstimateTripRequest request, ServerCallContext context)
    {
        var waypoints = RideCheck.Estimate(request);
        return admission.Refusal(waypoints, known: []) is { } refused
            ? throw refused.ToRpcException()
            : Task.FromResult(estimate.Of(waypoints));
    }

    public override async Task<V1.RequestTripResponse> RequestTrip(V1.RequestTripRequest request, ServerCallContext context)
    {
        var waypoints = RideCheck.Request(request);
        var caller = context.Caller();
        caller.RequireRider(request.RiderId);

        var tripId = TripIds.New(keys, time);
        var digest = SHA256.HashData(request.ToByteArray());
        byte[] answer = [.. digest, .. Encoding.ASCII.GetBytes(tripId)];
        var key = keys.RequestAnswer(caller.Subject, request.RequestId);
        if (admission.Refusal(waypoints, known: []) is { } refused)
        {
            // A repeat of what was accepted before the zones changed is still a repeat.
            return await trips.ReadAnswerAsync(key) is { } given ? await AnswerAgainAsync(request, digest, given) : throw refused.ToRpcException();
        }

        var outcome = await dispatcher.DispatchAsync(
            tripId,
            new RideRequested(tripId, request.RiderId, waypoints, (int)request.PartySize, request.Note),
            answer: _ => new StoredAnswer(key, answer));
        switch (outcome)
        {
            case AnsweredBefore before:
                return await AnswerAgainAsync(request, digest, before.Answer);
            default:
                return new V1.RequestTripResponse { Trip = view.Of(Decision(outcome)) };
        }
    }

    public override async Task<V1.GetTripResponse> GetTrip(V1.GetTripRequest request, ServerCallContext context)
    {
        var trip = await OwnTripAsync(request.TripId, context);
        var told = view.Of(trip);
        told.Driven = trip.IsFinal ? await driven.FindAsync(trip.Id) : null;
        return new V1.GetTripResponse { Trip = told };
    }

    public override async Task<V1.CancelTripResponse> CancelTrip(V1.CancelTripRequest request, ServerCallContext context)
    {
        RideCheck.Cancel(request);
        var trip = await OwnTripAsync(request.TripId, context);
        var outcome = await dispatcher.DispatchAsync(
            trip.Id, new CancelRequested(TripActor.Rider, (CancellationReason)request.Reason, request.Note));
        return new V1.CancelTripResponse { Trip = view.Of(Decision(outcome)) };
    }

    public override async Task<V1.UpdateWaypointsResponse> UpdateWaypoints(V1.UpdateWaypointsRequest request, ServerCallContext context)
    {
        var waypoints = RideCheck.Update(request);
        var trip = await OwnTripAsync(request.TripId, context);
        if (admission.Refusal(waypoints, trip.Waypoints) is { } refused)
        {
            throw refused.ToRpcException();
        }

        var outcome = await dispatcher.DispatchAsync(
            trip.Id, new WaypointsRequested(request.ExpectedVersion, waypoints, index.PlaceOf(slots, trip.DriverId)));
        return new V1.UpdateWaypointsResponse { Trip = view.Of(Decision(outcome)) };
    }

    public override async Task WatchTrip(V1.WatchTripRequest request, IServerStreamWriter<V1.WatchTripResponse> responseStream, ServerCallContext context)
    {
        var trip = await OwnTripAsync(request.TripId, context);
        await watches.RunAsync(
            StreamKind.Trip, context,
            cancellation => NewWatch(StreamKind.Trip).RunAsync(trip, news => responseStream.WriteAsync(news, cancellation), cancellation),
            done: "trip_over");
    }

    public override async Task WatchNearbyDrivers(
        V1.WatchNearbyDriversRequest request, IServerStreamWriter<V1.WatchNearbyDriversResponse> responseStream, ServerCallContext context)
    {
        nearby.Check(request);
        var caller = context.Caller();
        using var place = nearbyLimits.Enter(caller);
        await watches.RunAsync(StreamKind.Nearby, context, cancellation => nearby.RunAsync(request, caller.Subject, responseStream, cancellation));
    }

    public override async Task<V1.CreateShareLinkResponse> CreateShareLink(V1.CreateShareLinkRequest request, ServerCallContext context)
    {
        ExternalId.Require("request_id", request.RequestId);
        return await shared.CreateAsync(request.RequestId, await OwnTripAsync(request.TripId, context), context.Caller());
    }

    public override async Task<V1.RevokeShareLinkResponse> RevokeShareLink(V1.RevokeShareLinkRequest request, ServerCallContext context)
    {
        if (await shared.TripOfAsync(request.LinkId) is not { } tripId || await FindAsync(tripId) is not { } trip || !context.Caller().MayActForRider(trip.RiderId))
        {
            throw Refusal.NotFound("SHARE_LINK_NOT_FOUND", "There is no such link, or it is not one of yours.").ToRpcException();
        }

        await shared.RevokeAsync(request.LinkId, tripId);
        return new V1.RevokeShareLinkResponse();
    }

    public override Task WatchSharedTrip(
        V1.WatchSharedTripRequest request, IServerStreamWriter<V1.WatchSharedTripResponse> responseStream, ServerCallContext context) =>
        watches.RunAsync(
            StreamKind.SharedTrip, context,
            cancellation => shared.WatchAsync(
                request.Token,
                FindAsync,
                (trip, end) => NewWatch(StreamKind.SharedTrip).RunAsync(trip, news => responseStream.WriteAsync(SharedView.Of(news), end), end),
                cancellation),
            done: "trip_over");

    private TripWatch NewWatch(StreamKind kind) => new(book, tracking, view, slots, fanout, followers, kind);

    public override Task<V1.RaiseIncidentResponse> RaiseIncident(V1.RaiseIncidentRequest request, ServerCallContext context) =>
        incidents.RaiseAsync(request, context.Caller());

    private async Task<V1.RequestTripResponse> AnswerAgainAsync(V1.RequestTripRequest request, byte[] digest, byte[] given)
    {
        if (!given.AsSpan(0, digest.Length).SequenceEqual(digest))
        {
            throw Refusal.AlreadyExists(
                "REQUEST_ID_REUSED", $"The request {request.RequestId} was made before, with another body. Make a new id for a new request.").ToRpcException();
        }

        var tripId = Encoding.ASCII.GetString(given.AsSpan(digest.Length));
        return new V1.RequestTripResponse { Trip = view.Of(await FindAsync(tripId) ?? throw NotFound()) };
    }

    private static Trip Decision(DispatchOutcome outcome) => outcome switch
    {
        Decided { Result: Transition { Trip: { } trip } } => trip,
        Decided { Result: Refused refused } => throw DispatchRefusals.Of(refused).ToRpcException(),
        _ => throw Refusal.Aborted("CONTENDED", "The trip is being changed by too many at once; nothing was changed. Try again.").ToRpcException(),
    };

    private async Task<Trip> OwnTripAsync(string tripId, ServerCallContext context) =>
        await FindAsync(tripId) is { } trip && context.Caller().MayActForRider(trip.RiderId) ? trip : throw NotFound();

    // What cannot be a trip's id is not looked up.
    private async Task<Trip?> FindAsync(string tripId) =>
        TripIds.IsPlausible(keys, tripId) ? book.Find(tripId) ?? await trips.ReadTripAsync(tripId) : null;

    private static RpcException NotFound() => DispatchRefusals.TripNotFound.ToRpcException();
}
