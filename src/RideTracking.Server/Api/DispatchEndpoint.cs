using Google.Protobuf.WellKnownTypes;
using Google.Type;
using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Directories;
using RideTracking.Server.Incidents;
using RideTracking.Server.Matching;
using RideTracking.Server.Progress;
using RideTracking.Server.Protocol;
using RideTracking.Server.Riders;
using RideTracking.Server.Roads;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Api;

/// <summary>Dispatch for the company's backend and ops.</summary>
internal sealed class DispatchEndpoint(
    DriverSlots slots, DriverIndex index, CompanyDirectory directory, VehicleTypes types, AttributeBits attributes, TimeProvider clock,
    Dispatcher dispatcher,
    RideDesk desk,
    TripView view,
    RoadClosures closures,
    DrivenPaths driven,
    TripList tripList,
    TripEventWatch tripEvents,
    MatchExplanations explanations,
    MatchHook hook,
    DriverMessages messages,
    IncidentDesk incidentDesk,
    IncidentWatch incidents,
    WatchStreams watches)
    : V1.DispatchService.DispatchServiceBase
{
    // The nearest by road is nearly always among so many times as many who are nearest as the crow flies.
    private const int LookedAtForEach = 4;
    private const int MaxReasonLength = 128;

    public override Task<V1.SearchDriversResponse> SearchDrivers(V1.SearchDriversRequest request, ServerCallContext context)
    {
        var now = clock.GetUtcNow();
        var search = DriverSearch.From(request, now, slots, types, attributes);
        var response = new V1.SearchDriversResponse { ServerTime = now.ToTimestamp() };
        if (!search.FindsNobody)
        {
            response.Drivers.AddRange(search.Rank == V1.SearchRank.Eta ? Soonest(search, now) : Nearest(search, search.Results).Select(d => Found(d, now)));
        }

        return Task.FromResult(response);
    }

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
        var trip = await desk.RequestAsync(asked, _ => { }, context.Caller().Subject, ActorOf(context));
        return new V1.DispatchServiceRequestTripResponse { Trip = view.ForOps(trip) };
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
        var trip = await TripAsync(request.TripId);
        return new V1.DispatchServiceCancelTripResponse { Trip = view.ForOps(await desk.CancelAsync(trip.Id, ActorOf(context), request.Reason, request.Note)) };
    }

    public override async Task<V1.DispatchServiceUpdateWaypointsResponse> UpdateWaypoints(
        V1.DispatchServiceUpdateWaypointsRequest request, ServerCallContext context)
    {
        var waypoints = RideCheck.Update(request.ExpectedVersion, request.Waypoints);
        var trip = await TripAsync(request.TripId);
        return new V1.DispatchServiceUpdateWaypointsResponse
        {
            Trip = view.ForOps(await desk.UpdateWaypointsAsync(trip, request.ExpectedVersion, waypoints, ActorOf(context))),
        };
    }

    public override async Task<V1.BlockDriverResponse> BlockDriver(V1.BlockDriverRequest request, ServerCallContext context)
    {
        var check = new RequestCheck();
        check.Id("driver_id", request.DriverId);
        check.Text("reason", request.Reason, 1, MaxReasonLength);
        check.Pass();
        await dispatcher.DispatchAsync(null, new BlockRequested(request.DriverId, request.Reason));
        return new V1.BlockDriverResponse();
    }

    public override async Task<V1.UnblockDriverResponse> UnblockDriver(V1.UnblockDriverRequest request, ServerCallContext context)
    {
        ExternalId.Require("driver_id", request.DriverId);
        await dispatcher.DispatchAsync(null, new BlockRequested(request.DriverId, null));
        return new V1.UnblockDriverResponse();
    }

    public override async Task<V1.SetRoadClosuresResponse> SetRoadClosures(V1.SetRoadClosuresRequest request, ServerCallContext context)
    {
        RoadClosureCheck.Pass(request);
        return await closures.SetAsync(request);
    }

    public override async Task<V1.ListRoadClosuresResponse> ListRoadClosures(V1.ListRoadClosuresRequest request, ServerCallContext context)
    {
        var response = new V1.ListRoadClosuresResponse();
        response.Closures.AddRange((await closures.ListAsync()).Closures);
        return response;
    }

    public override async Task<V1.DispatchServiceGetTripResponse> GetTrip(V1.DispatchServiceGetTripRequest request, ServerCallContext context)
    {
        var trip = await TripAsync(request.TripId);
        var told = view.ForOps(trip);
        told.Driven = trip.IsFinal ? await driven.FindAsync(trip.Id) : null;
        return new V1.DispatchServiceGetTripResponse { Trip = told };
    }

    public override Task<V1.ListTripsResponse> ListTrips(V1.ListTripsRequest request, ServerCallContext context) => tripList.PageAsync(request);

    public override async Task<V1.ExplainMatchResponse> ExplainMatch(V1.ExplainMatchRequest request, ServerCallContext context)
    {
        var check = new RequestCheck();
        check.OptionalId("driver_id", request.DriverId);
        check.Pass();
        return explanations.Explain(await TripAsync(request.TripId), request.DriverId);
    }

    public override Task ServeMatching(
        IAsyncStreamReader<V1.ServeMatchingRequest> requestStream, IServerStreamWriter<V1.ServeMatchingResponse> responseStream, ServerCallContext context) =>
        watches.RunAsync(StreamKind.Matching, context, cancellation => hook.RunAsync(
            requestStream, responseStream, () => context.WriteResponseHeadersAsync([]), cancellation));

    public override Task WatchTripEvents(
        V1.WatchTripEventsRequest request, IServerStreamWriter<V1.WatchTripEventsResponse> responseStream, ServerCallContext context) =>
        watches.RunAsync(StreamKind.TripEvents, context, cancellation => tripEvents.RunAsync(request, responseStream, cancellation));

    public override Task<V1.SendDriverMessageResponse> SendDriverMessage(V1.SendDriverMessageRequest request, ServerCallContext context) =>
        messages.SendAsync(request, context.Caller());

    public override Task WatchIncidents(
        V1.WatchIncidentsRequest request, IServerStreamWriter<V1.WatchIncidentsResponse> responseStream, ServerCallContext context) =>
        watches.RunAsync(StreamKind.Incidents, context, cancellation => incidents.RunAsync(responseStream, cancellation));

    public override Task<V1.ListIncidentsResponse> ListIncidents(V1.ListIncidentsRequest request, ServerCallContext context) => incidents.PageAsync(request);

    public override async Task<V1.CloseIncidentResponse> CloseIncident(V1.CloseIncidentRequest request, ServerCallContext context) =>
        new() { Incident = incidents.Told(await incidentDesk.CloseAsync(request, context.Caller().Subject)) };

    private async Task<V1.Trip> GiveAsync(string tripId, string driverId, string note, ServerCallContext context)
    {
        RideCheck.Assign(driverId, note);
        if (driverId.Length > 0 && directory.Drivers.Find(driverId) is null)
        {
            throw Refusal.Precondition("DRIVER_NOT_IN_DIRECTORY", $"The directory has no driver {driverId}, so the rider could not be told who comes.").ToRpcException();
        }

        var trip = await TripAsync(tripId);
        var asked = new AssignRequested(driverId.Length == 0 ? null : driverId, ActorOf(context), note, (int)(directory.VehicleOf(driverId)?.Seats ?? 0));
        return view.ForOps(await desk.AssignAsync(trip.Id, asked));
    }

    private async Task<Trip> TripAsync(string tripId) => await desk.FindAsync(tripId) ?? throw DispatchRefusals.TripNotFound.ToRpcException();

    private static TripActor ActorOf(ServerCallContext context) => context.Caller().Role == Role.Ops ? TripActor.Ops : TripActor.Service;

    private NearbyDriver[] Nearest(DriverSearch search, int most)
    {
        var found = new NearbyDriver[most];
        return found[..index.Nearest(search.Center, search.RadiusMeters, search.Filter, found)];
    }

    private IEnumerable<V1.FoundDriver> Soonest(DriverSearch search, DateTimeOffset now) =>
        DriverEta.SoonestTo(search.Center, Nearest(search, Math.Min(search.Results * LookedAtForEach, (int)DriverSearch.MaxResults)), dispatcher.Rules.Router)
            .Take(search.Results)
            .Select(d =>
            {
                var found = Found(d.Driver, now);
                found.Eta = Duration.FromTimeSpan(TimeSpan.FromSeconds(d.EtaSeconds));
                return found;
            });

    private V1.FoundDriver Found(in NearbyDriver driver, DateTimeOffset now)
    {
        var driverId = slots.IdOf(driver.Slot);
        // A moment later than the search: it may have changed, but says what is so now.
        index.TryGet(driver.Slot, out var entry);
        var vehicle = directory.VehicleOf(driverId);
        return new V1.FoundDriver
        {
            DriverId = driverId,
            DistanceMeters = driver.DistanceMeters,
            Location = new LatLng { Latitude = driver.Position.LatitudeDegrees, Longitude = driver.Position.LongitudeDegrees },
            FixAge = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(Math.Max(0, now.ToUnixTimeMilliseconds() - driver.FixedAtUnixMs))),
            Availability = (V1.DriverAvailability)entry.Status.Availability,
            Work = (V1.DriverWork)entry.Status.Work,
            Link = (V1.DriverLink)entry.Status.Link,
            VehicleId = vehicle?.VehicleId ?? "",
            VehicleType = vehicle?.VehicleType ?? "",
            Seats = vehicle?.Seats ?? 0,
        };
    }
}
