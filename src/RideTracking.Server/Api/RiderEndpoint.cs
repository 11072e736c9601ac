using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Protocol;
using RideTracking.Server.Sharing;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Api;

/// <summary>Rides for the rider's app. A trip that is not the caller's is as if it were not there.</summary>
internal sealed class RiderEndpoint(AreaSet areas) : V1.RiderService.RiderServiceBase
{
    public override Task<V1.EstimateTripResponse> EstimateTrip(V1.EstimateTripRequest request, ServerCallContext context)
    {
        var waypoints = RideCheck.Estimate(request);
        var area = areas.Home;
        return area.Admission.Refusal(waypoints, known: []) is { } refused
            ? throw refused.ToRpcException()
            : Task.FromResult(area.Estimates.Of(waypoints));
    }

    public override async Task<V1.RequestTripResponse> RequestTrip(V1.RequestTripRequest request, ServerCallContext context)
    {
        var (area, caller) = (areas.Home, context.Caller());
        var trip = await area.Rides.RequestAsync(request, caller.RequireRider, caller.Subject, TripActor.Rider);
        return new V1.RequestTripResponse { Trip = area.TripViews.Of(trip) };
    }

    public override async Task<V1.GetTripResponse> GetTrip(V1.GetTripRequest request, ServerCallContext context)
    {
        var area = areas.OfTrip(request.TripId);
        var trip = await OwnTripAsync(area, request.TripId, context);
        var told = area.TripViews.Of(trip);
        told.Driven = trip.IsFinal ? await area.DrivenPaths.FindAsync(trip.Id) : null;
        return new V1.GetTripResponse { Trip = told };
    }

    public override async Task<V1.CancelTripResponse> CancelTrip(V1.CancelTripRequest request, ServerCallContext context)
    {
        RideCheck.Cancel(request.Reason, request.Note);
        var area = areas.OfTrip(request.TripId);
        var trip = await OwnTripAsync(area, request.TripId, context);
        var cancelled = await area.Rides.CancelAsync(trip.Id, TripActor.Rider, request.Reason, request.Note);
        return new V1.CancelTripResponse { Trip = area.TripViews.Of(cancelled) };
    }

    public override async Task<V1.UpdateWaypointsResponse> UpdateWaypoints(V1.UpdateWaypointsRequest request, ServerCallContext context)
    {
        var waypoints = RideCheck.Update(request.ExpectedVersion, request.Waypoints);
        var area = areas.OfTrip(request.TripId);
        var trip = await OwnTripAsync(area, request.TripId, context);
        var updated = await area.Rides.UpdateWaypointsAsync(trip, request.ExpectedVersion, waypoints, TripActor.Rider);
        return new V1.UpdateWaypointsResponse { Trip = area.TripViews.Of(updated) };
    }

    public override async Task WatchTrip(V1.WatchTripRequest request, IServerStreamWriter<V1.WatchTripResponse> responseStream, ServerCallContext context)
    {
        var area = areas.OfTrip(request.TripId);
        var trip = await OwnTripAsync(area, request.TripId, context);
        await area.Streams.RunAsync(
            StreamKind.Trip, context,
            cancellation => area.TripWatches.RunAsync(StreamKind.Trip, trip, news => responseStream.WriteAsync(news, cancellation), cancellation),
            done: "trip_over");
    }

    public override async Task WatchNearbyDrivers(
        V1.WatchNearbyDriversRequest request, IServerStreamWriter<V1.WatchNearbyDriversResponse> responseStream, ServerCallContext context)
    {
        var area = areas.Home;
        area.Nearby.Check(request);
        var caller = context.Caller();
        using var place = area.NearbyLimits.Enter(caller);
        await area.Streams.RunAsync(StreamKind.Nearby, context, cancellation => area.Nearby.RunAsync(request, caller.Subject, responseStream, cancellation));
    }

    public override async Task<V1.CreateShareLinkResponse> CreateShareLink(V1.CreateShareLinkRequest request, ServerCallContext context)
    {
        ExternalId.Require("request_id", request.RequestId);
        var area = areas.OfTrip(request.TripId);
        return await area.SharedTrips.CreateAsync(request.RequestId, await OwnTripAsync(area, request.TripId, context), context.Caller());
    }

    public override async Task<V1.RevokeShareLinkResponse> RevokeShareLink(V1.RevokeShareLinkRequest request, ServerCallContext context)
    {
        var area = areas.OfTrip(request.LinkId);
        if (await area.SharedTrips.TripOfAsync(request.LinkId) is not { } tripId
            || await area.Rides.FindAsync(tripId) is not { } trip || !context.Caller().MayActForRider(trip.RiderId))
        {
            throw Refusal.NotFound("SHARE_LINK_NOT_FOUND", "There is no such link, or it is not one of yours.").ToRpcException();
        }

        await area.SharedTrips.RevokeAsync(request.LinkId, tripId);
        return new V1.RevokeShareLinkResponse();
    }

    public override Task WatchSharedTrip(
        V1.WatchSharedTripRequest request, IServerStreamWriter<V1.WatchSharedTripResponse> responseStream, ServerCallContext context)
    {
        var area = areas.OfTrip(request.Token);
        return area.Streams.RunAsync(
            StreamKind.SharedTrip, context,
            cancellation => area.SharedTrips.WatchAsync(
                request.Token,
                area.Rides.FindAsync,
                (trip, end) => area.TripWatches.RunAsync(StreamKind.SharedTrip, trip, news => responseStream.WriteAsync(SharedView.Of(news), end), end),
                cancellation),
            done: "trip_over");
    }

    public override Task<V1.RaiseIncidentResponse> RaiseIncident(V1.RaiseIncidentRequest request, ServerCallContext context) =>
        areas.OfTrip(request.TripId).Incidents.RaiseAsync(request, context.Caller());

    private static async Task<Trip> OwnTripAsync(AreaHost area, string tripId, ServerCallContext context) =>
        await area.Rides.FindAsync(tripId) is { } trip && context.Caller().MayActForRider(trip.RiderId)
            ? trip
            : throw DispatchRefusals.TripNotFound.ToRpcException();
}
