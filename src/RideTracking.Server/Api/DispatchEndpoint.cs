using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;
using RideTracking.Server.Roads;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Api;

/// <summary>Dispatch for the company's backend and ops.</summary>
internal sealed class DispatchEndpoint(AreaSet areas, CompanyDirectory directory) : V1.DispatchService.DispatchServiceBase
{
    private const int MaxReasonLength = 128;

    public override Task<V1.SearchDriversResponse> SearchDrivers(V1.SearchDriversRequest request, ServerCallContext context) =>
        Task.FromResult(areas.Home.DriverFinder.Find(request));

    public override async Task<V1.DispatchServiceRequestTripResponse> RequestTrip(V1.DispatchServiceRequestTripRequest request, ServerCallContext context)
    {
        var asked = new V1.RequestTripRequest
        {
            RequestId = request.RequestId,
            RiderId = request.RiderId,
            PartySize = request.PartySize,
            Note = request.Note,
            Terms = request.Terms,
        };
        asked.Waypoints.AddRange(request.Waypoints);
        var area = areas.Home;
        var trip = await area.Rides.RequestAsync(asked, _ => { }, context.Caller().Subject, ActorOf(context));
        return new V1.DispatchServiceRequestTripResponse { Trip = area.TripViews.ForOps(trip) };
    }

    public override async Task<V1.AssignTripResponse> AssignTrip(V1.AssignTripRequest request, ServerCallContext context)
    {
        ExternalId.Require("driver_id", request.DriverId);
        return new V1.AssignTripResponse { Trip = await GiveAsync(request.TripId, request.DriverId, request.Note, context) };
    }

    public override async Task<V1.ReassignTripResponse> ReassignTrip(V1.ReassignTripRequest request, ServerCallContext context) =>
        new() { Trip = await GiveAsync(request.TripId, request.DriverId, request.Note, context) };

    public override async Task<V1.DispatchServiceCancelTripResponse> CancelTrip(V1.DispatchServiceCancelTripRequest request, ServerCallContext context)
    {
        RideCheck.Cancel(request.Reason, request.Note);
        var area = areas.OfTrip(request.TripId);
        var trip = await TripAsync(area, request.TripId);
        var cancelled = await area.Rides.CancelAsync(trip.Id, ActorOf(context), request.Reason, request.Note);
        return new V1.DispatchServiceCancelTripResponse { Trip = area.TripViews.ForOps(cancelled) };
    }

    public override async Task<V1.DispatchServiceUpdateWaypointsResponse> UpdateWaypoints(
        V1.DispatchServiceUpdateWaypointsRequest request, ServerCallContext context)
    {
        var waypoints = RideCheck.Update(request.ExpectedVersion, request.Waypoints);
        var area = areas.OfTrip(request.TripId);
        var trip = await TripAsync(area, request.TripId);
        var updated = await area.Rides.UpdateWaypointsAsync(trip, request.ExpectedVersion, waypoints, ActorOf(context));
        return new V1.DispatchServiceUpdateWaypointsResponse { Trip = area.TripViews.ForOps(updated) };
    }

    public override async Task<V1.BlockDriverResponse> BlockDriver(V1.BlockDriverRequest request, ServerCallContext context)
    {
        var check = new RequestCheck();
        check.Id("driver_id", request.DriverId);
        check.Text("reason", request.Reason, 1, MaxReasonLength);
        check.Pass();
        await areas.OfDriver(request.DriverId).Dispatcher.DispatchAsync(null, new BlockRequested(request.DriverId, request.Reason));
        return new V1.BlockDriverResponse();
    }

    public override async Task<V1.UnblockDriverResponse> UnblockDriver(V1.UnblockDriverRequest request, ServerCallContext context)
    {
        ExternalId.Require("driver_id", request.DriverId);
        await areas.OfDriver(request.DriverId).Dispatcher.DispatchAsync(null, new BlockRequested(request.DriverId, null));
        return new V1.UnblockDriverResponse();
    }

    public override async Task<V1.SetRoadClosuresResponse> SetRoadClosures(V1.SetRoadClosuresRequest request, ServerCallContext context)
    {
        RoadClosureCheck.Pass(request);
        return await areas.Home.RoadClosures.SetAsync(request);
    }

    public override async Task<V1.ListRoadClosuresResponse> ListRoadClosures(V1.ListRoadClosuresRequest request, ServerCallContext context)
    {
        var response = new V1.ListRoadClosuresResponse();
        response.Closures.AddRange((await areas.Home.RoadClosures.ListAsync()).Closures);
        return response;
    }

    public override async Task<V1.DispatchServiceGetTripResponse> GetTrip(V1.DispatchServiceGetTripRequest request, ServerCallContext context)
    {
        var area = areas.OfTrip(request.TripId);
        var trip = await TripAsync(area, request.TripId);
        var told = area.TripViews.ForOps(trip);
        told.Driven = trip.IsFinal ? await area.DrivenPaths.FindAsync(trip.Id) : null;
        return new V1.DispatchServiceGetTripResponse { Trip = told };
    }

    public override Task<V1.ListTripsResponse> ListTrips(V1.ListTripsRequest request, ServerCallContext context) => areas.Home.TripList.PageAsync(request);

    public override async Task<V1.ExplainMatchResponse> ExplainMatch(V1.ExplainMatchRequest request, ServerCallContext context)
    {
        var check = new RequestCheck();
        check.OptionalId("driver_id", request.DriverId);
        check.Pass();
        var area = areas.OfTrip(request.TripId);
        return await area.Rounds.ExplainAsync(await TripAsync(area, request.TripId), request.DriverId, context.CancellationToken);
    }

    public override Task ServeMatching(
        IAsyncStreamReader<V1.ServeMatchingRequest> requestStream, IServerStreamWriter<V1.ServeMatchingResponse> responseStream, ServerCallContext context)
    {
        var area = areas.Home;
        return area.Streams.RunAsync(StreamKind.Matching, context, cancellation => area.MatchHook.RunAsync(
            requestStream, responseStream, () => context.WriteResponseHeadersAsync([]), cancellation));
    }

    public override Task WatchTripEvents(
        V1.WatchTripEventsRequest request, IServerStreamWriter<V1.WatchTripEventsResponse> responseStream, ServerCallContext context)
    {
        var area = areas.Home;
        return area.Streams.RunAsync(StreamKind.TripEvents, context, cancellation => area.TripEvents.RunAsync(request, responseStream, cancellation));
    }

    public override Task<V1.SendDriverMessageResponse> SendDriverMessage(V1.SendDriverMessageRequest request, ServerCallContext context) =>
        areas.OfDriver(request.DriverId).DriverMessages.SendAsync(request, context.Caller());

    public override Task WatchIncidents(
        V1.WatchIncidentsRequest request, IServerStreamWriter<V1.WatchIncidentsResponse> responseStream, ServerCallContext context)
    {
        var area = areas.Home;
        return area.Streams.RunAsync(StreamKind.Incidents, context, cancellation => area.IncidentWatch.RunAsync(responseStream, cancellation));
    }

    public override Task<V1.ListIncidentsResponse> ListIncidents(V1.ListIncidentsRequest request, ServerCallContext context) =>
        areas.Home.IncidentWatch.PageAsync(request);

    public override async Task<V1.CloseIncidentResponse> CloseIncident(V1.CloseIncidentRequest request, ServerCallContext context)
    {
        var area = areas.OfTrip(request.IncidentId);
        return new V1.CloseIncidentResponse { Incident = area.IncidentWatch.Told(await area.Incidents.CloseAsync(request, context.Caller().Subject)) };
    }

    private async Task<V1.Trip> GiveAsync(string tripId, string driverId, string note, ServerCallContext context)
    {
        RideCheck.Assign(driverId, note);
        if (driverId.Length > 0 && directory.Drivers.Find(driverId) is null)
        {
            throw Refusal.Precondition("DRIVER_NOT_IN_DIRECTORY", $"The directory has no driver {driverId}, so the rider could not be told who comes.").ToRpcException();
        }

        var area = areas.OfTrip(tripId);
        var trip = await TripAsync(area, tripId);
        var asked = new AssignRequested(driverId.Length == 0 ? null : driverId, ActorOf(context), note, (int)(directory.VehicleOf(driverId)?.Seats ?? 0));
        return area.TripViews.ForOps(await area.Rides.AssignAsync(trip.Id, asked));
    }

    private static async Task<Trip> TripAsync(AreaHost area, string tripId) =>
        await area.Rides.FindAsync(tripId) ?? throw DispatchRefusals.TripNotFound.ToRpcException();

    private static TripActor ActorOf(ServerCallContext context) => context.Caller().Role == Role.Ops ? TripActor.Ops : TripActor.Service;
}
