using Google.Protobuf.WellKnownTypes;
using Google.Type;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Directories;
using RideTracking.Server.Progress;
using RideTracking.Server.Protocol;
using RideTracking.Server.Roads;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;
using RideTracking.V1;

namespace RideTracking.Server.Api.Fleet;

/// <summary>The fleet for ops: watch it, and look at one driver.</summary>
internal sealed class FleetEndpoint(
    DriverSlots slots,
    DriverIndex index,
    PositionFanout fanout,
    CompanyDirectory directory,
    TripBook trips,
    TripTracking tracking,
    LearnedTimes learned,
    TripView view,
    FleetTotals totals,
    FleetWatchers watchers,
    FleetMetrics metrics,
    FollowerMetrics followers,
    WatchStreams watches,
    TimeProvider clock,
    ZoneEndpoint zones,
    ZoneEventWatch zoneEvents,
    IOptions<FleetOptions> options) : V1.FleetService.FleetServiceBase
{
    public override async Task WatchFleet(WatchFleetRequest request, IServerStreamWriter<WatchFleetResponse> responseStream, ServerCallContext context)
    {
        var asked = FleetWatchRequest.From(request, options.Value);
        watchers.Enter(options.Value.MaxWatchers);
        try
        {
            await watches.RunAsync(
                StreamKind.Fleet, context,
                cancellation => new FleetWatch(slots, fanout, totals, metrics, followers, clock, options.Value).RunAsync(asked, responseStream, cancellation));
        }
        finally
        {
            watchers.Leave();
        }
    }

    public override Task<GetFleetDriverResponse> GetFleetDriver(GetFleetDriverRequest request, ServerCallContext context)
    {
        ExternalId.Require("driver_id", request.DriverId);
        var entry = default(DriverEntry);
        if (!(slots.TryGet(request.DriverId, out var slot) && index.TryGet(slot, out entry)) && directory.Drivers.Find(request.DriverId) is null)
        {
            throw Refusal.NotFound("DRIVER_NOT_FOUND", $"Nothing is known of the driver {request.DriverId}.").ToRpcException();
        }

        var person = directory.TripDriverOf(request.DriverId);
        var response = new GetFleetDriverResponse
        {
            DriverId = request.DriverId,
            DisplayName = person.DisplayName,
            VehicleDescription = person.VehicleDescription,
            LicensePlate = person.LicensePlate,
            Availability = (V1.DriverAvailability)entry.Status.Availability,
            Work = (V1.DriverWork)entry.Status.Work,
            Link = (V1.DriverLink)entry.Status.Link,
        };
        response.TripIds.AddRange(trips.PlanOf(request.DriverId).TripIds);
        if (tracking.Of(request.DriverId) is { } tracked)
        {
            response.Trip = tracked.Trips is [var first, ..] ? view.ForOps(first.Trip) : null;
            response.Progress = tracked.Progress(learned);
        }

        if (entry.HasFix)
        {
            DescribePosition(response, entry.Fix);
        }

        return Task.FromResult(response);
    }

    public override Task<UpsertZoneResponse> UpsertZone(UpsertZoneRequest request, ServerCallContext context) => zones.UpsertAsync(request);

    public override Task<GetZoneResponse> GetZone(GetZoneRequest request, ServerCallContext context) => zones.GetAsync(request);

    public override Task<ListZonesResponse> ListZones(ListZonesRequest request, ServerCallContext context) => Task.FromResult(zones.List(request));

    public override Task<DeleteZoneResponse> DeleteZone(DeleteZoneRequest request, ServerCallContext context) => zones.DeleteAsync(request);

    public override Task WatchZoneEvents(WatchZoneEventsRequest request, IServerStreamWriter<WatchZoneEventsResponse> responseStream, ServerCallContext context) =>
        watches.RunAsync(StreamKind.ZoneEvents, context, cancellation => zoneEvents.RunAsync(request, responseStream, cancellation));

    private void DescribePosition(GetFleetDriverResponse response, in Engine.Ingest.Fix fix)
    {
        var fixedAt = DateTimeOffset.FromUnixTimeMilliseconds(fix.FixedAtUnixMs);
        var age = clock.GetUtcNow() - fixedAt;
        response.Location = new LatLng { Latitude = fix.Point.LatitudeDegrees, Longitude = fix.Point.LongitudeDegrees };
        response.FixedAt = fixedAt.ToTimestamp();
        response.Age = (age > TimeSpan.Zero ? age : TimeSpan.Zero).ToDuration();
        if (!float.IsNaN(fix.CourseDegrees))
        {
            response.CourseDegrees = fix.CourseDegrees;
        }

        if (!float.IsNaN(fix.SpeedMetersPerSecond))
        {
            response.SpeedMetersPerSecond = fix.SpeedMetersPerSecond;
        }

        if (!float.IsNaN(fix.HorizontalAccuracyMeters))
        {
            response.HorizontalAccuracyMeters = fix.HorizontalAccuracyMeters;
        }
    }
}
