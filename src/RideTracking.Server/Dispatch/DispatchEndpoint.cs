using Google.Protobuf.WellKnownTypes;
using Google.Type;
using Grpc.Core;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Directories;
using RideTracking.Server.Incidents;
using RideTracking.Server.Riders;
using RideTracking.Server.Roads;
using RideTracking.Server.Storage;
using RideTracking.Server.Storage.Trips;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Dispatch;

/// <summary>Dispatch for the company's backend and ops.</summary>
internal sealed class DispatchEndpoint(
    DriverSlots slots, DriverIndex index, CompanyDirectory directory, VehicleTypes types, AttributeBits attributes, TimeProvider clock,
    Dispatcher dispatcher,
    RoadClosures closures,
    TripStore trips,
    StoreKeys keys,
    TripView view,
    DrivenPaths driven,
    TripList tripList,
    TripEventWatch tripEvents,
    DriverMessages messages,
    IncidentDesk incidentDesk,
    IncidentWatch incidents,
    WatchStreams watches)
    : V1.DispatchService.DispatchServiceBase
{
    // The nearest by road is nearly always among so many times as many who are nearest as the crow flies.
    private const int LookedAtForEach = 4;

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
        // What cannot be a trip's id is not looked up.
        var trip = (TripIds.IsPlausible(keys, request.TripId) ? await trips.ReadTripAsync(request.TripId) : null)
            ?? throw DispatchRefusals.TripNotFound.ToRpcException();
        var told = view.ForOps(trip);
        told.Driven = trip.IsFinal ? await driven.FindAsync(trip.Id) : null;
        return new V1.DispatchServiceGetTripResponse { Trip = told };
    }

    public override Task<V1.ListTripsResponse> ListTrips(V1.ListTripsRequest request, ServerCallContext context) => tripList.PageAsync(request);

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
