using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Dispatch;

namespace RideTracking.Server.Streams.Reporting;

/// <summary>What is so with a driver now, as far as it decides how often to report. Thread-safe.</summary>
public sealed class DriverMoments(DriverIndex index, PositionFanout fanout, TripBook book, BusyPlaces busy)
{
    public ReportingMoment Of(string driverId, int slot)
    {
        index.TryGet(slot, out var driver);
        var (availability, work) = (driver.Status.Availability, driver.Status.Work);
        return new ReportingMoment(
            availability,
            work,
            work is DriverWork.ToPickup or DriverWork.OnTrip && driver.HasFix && NextStopOf(driverId) is { } stop
                ? Earth.DistanceMeters(driver.Fix.Point, stop)
                : double.PositiveInfinity,
            fanout.IsFollowed(slot),
            work != DriverWork.ToPickup && work != DriverWork.OnTrip && driver.HasFix && busy.IsBusy(driver.Fix.Point));
    }

    private GeoPoint? NextStopOf(string driverId)
    {
        foreach (var tripId in book.PlanOf(driverId).TripIds)
        {
            foreach (var waypoint in book.Find(tripId)?.Waypoints ?? [])
            {
                if (waypoint.State != WaypointState.Done)
                {
                    return waypoint.Location;
                }
            }
        }

        return null;
    }
}
