using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Incidents;
using RideTracking.Server.Nearby;
using RideTracking.Server.Progress;
using RideTracking.Server.Protocol;
using RideTracking.Server.Riders;
using RideTracking.Server.Roads;
using RideTracking.Server.Sharing;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Api;

/// <summary>Rides for the rider's app. A trip that is not the caller's is as if it were not there.</summary>
internal sealed class RiderEndpoint(
    RideDesk desk,
    TripBook book,
    TripView view,
    TripEstimate estimate,
    TripTracking tracking,
    LearnedTimes learned,
    DrivenPaths driven,
    DriverSlots slots,
    PositionFanout fanout,
    TripAdmission admission,
    IncidentDesk incidents,
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
        var caller = context.Caller();
        return new V1.RequestTripResponse { Trip = view.Of(await desk.RequestAsync(request, caller.RequireRider, caller.Subject, TripActor.Rider)) };
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
        RideCheck.Cancel(request.Reason, request.Note);
        var trip = await OwnTripAsync(request.TripId, context);
        return new V1.CancelTripResponse { Trip = view.Of(await desk.CancelAsync(trip.Id, TripActor.Rider, request.Reason, request.Note)) };
    }

    public override async Task<V1.UpdateWaypointsResponse> UpdateWaypoints(V1.UpdateWaypointsRequest request, ServerCallContext context)
    {
        var waypoints = RideCheck.Update(request.ExpectedVersion, request.Waypoints);
        var trip = await OwnTripAsync(request.TripId, context);
        return new V1.UpdateWaypointsResponse { Trip = view.Of(await desk.UpdateWaypointsAsync(trip, request.ExpectedVersion, waypoints, TripActor.Rider)) };
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
        if (await shared.TripOfAsync(request.LinkId) is not { } tripId || await desk.FindAsync(tripId) is not { } trip || !context.Caller().MayActForRider(trip.RiderId))
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
                desk.FindAsync,
                (trip, end) => NewWatch(StreamKind.SharedTrip).RunAsync(trip, news => responseStream.WriteAsync(SharedView.Of(news), end), end),
                cancellation),
            done: "trip_over");

    private TripWatch NewWatch(StreamKind kind) => new(book, tracking, learned, view, slots, fanout, followers, kind);

    public override Task<V1.RaiseIncidentResponse> RaiseIncident(V1.RaiseIncidentRequest request, ServerCallContext context) =>
        incidents.RaiseAsync(request, context.Caller());

    private async Task<Trip> OwnTripAsync(string tripId, ServerCallContext context) =>
        await desk.FindAsync(tripId) is { } trip && context.Caller().MayActForRider(trip.RiderId)
            ? trip
            : throw DispatchRefusals.TripNotFound.ToRpcException();
}
