using Grpc.Core;
using RideTracking.Server.Areas;
using RideTracking.Server.Telemetry;
using RideTracking.V1;

namespace RideTracking.Server.Api.Fleet;

/// <summary>The fleet for ops: watch it, look at one driver, and draw zones.</summary>
internal sealed class FleetEndpoint(AreaSet areas) : V1.FleetService.FleetServiceBase
{
    public override Task WatchFleet(WatchFleetRequest request, IServerStreamWriter<WatchFleetResponse> responseStream, ServerCallContext context) =>
        areas.Home.FleetWatches.RunAsync(request, responseStream, context);

    public override Task<GetFleetDriverResponse> GetFleetDriver(GetFleetDriverRequest request, ServerCallContext context) =>
        Task.FromResult(areas.OfDriver(request.DriverId).FleetDrivers.Of(request));

    public override Task<UpsertZoneResponse> UpsertZone(UpsertZoneRequest request, ServerCallContext context) => areas.Home.Zones.UpsertAsync(request);

    public override Task<GetZoneResponse> GetZone(GetZoneRequest request, ServerCallContext context) => areas.Home.Zones.GetAsync(request);

    public override Task<ListZonesResponse> ListZones(ListZonesRequest request, ServerCallContext context) => Task.FromResult(areas.Home.Zones.List(request));

    public override Task<DeleteZoneResponse> DeleteZone(DeleteZoneRequest request, ServerCallContext context) => areas.Home.Zones.DeleteAsync(request);

    public override Task WatchZoneEvents(WatchZoneEventsRequest request, IServerStreamWriter<WatchZoneEventsResponse> responseStream, ServerCallContext context)
    {
        var area = areas.Home;
        return area.Streams.RunAsync(StreamKind.ZoneEvents, context, cancellation => area.ZoneEvents.RunAsync(request, responseStream, cancellation));
    }
}
