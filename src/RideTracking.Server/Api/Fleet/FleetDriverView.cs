using Grpc.Core;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Log;
using RideTracking.Server.Progress;
using RideTracking.Server.Protocol;
using RideTracking.Server.Roads;
using RideTracking.Server.Trips;
using RideTracking.V1;

namespace RideTracking.Server.Api.Fleet;

/// <summary>All that ops may know of one driver. Thread-safe.</summary>
internal sealed class FleetDriverView(
    Area area, LoggedDrivers logged, CityFleet fleet, CompanyDirectory directory, TripBook trips, TripTracking tracking, LearnedTimes learned, TripView view)
{
    /// <exception cref="Grpc.Core.RpcException">NOT_FOUND when nothing is known of the driver.</exception>
    public GetFleetDriverResponse Of(GetFleetDriverRequest request)
    {
        ExternalId.Require("driver_id", request.DriverId);
        var isHere = fleet.TryGet(request.DriverId, out var slot, out var entry);
        if (!isHere && directory.Drivers.Find(request.DriverId) is null)
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
        else if (logged.Of(request.DriverId)?.Present is { } fix)
        {
            // Who was not heard of for long is in the index no more.
            DescribePosition(response, fix);
        }

        response.LastReject = isHere ? fleet.Rejects.Of(slot)?.ToWire() : null;
        return response;
    }

    private void DescribePosition(GetFleetDriverResponse response, in Engine.Ingest.Fix fix)
    {
        var position = fix.ToPosition(area.Clock.GetUtcNow());
        (response.Location, response.FixedAt, response.Age) = (position.Location, position.FixedAt, position.Age);
        if (position.HasCourseDegrees)
        {
            response.CourseDegrees = position.CourseDegrees;
        }

        if (position.HasSpeedMetersPerSecond)
        {
            response.SpeedMetersPerSecond = position.SpeedMetersPerSecond;
        }

        if (!float.IsNaN(fix.HorizontalAccuracyMeters))
        {
            response.HorizontalAccuracyMeters = fix.HorizontalAccuracyMeters;
        }
    }
}
