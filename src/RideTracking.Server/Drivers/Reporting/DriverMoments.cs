using RideTracking.Engine.Fanout;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Drivers.Reporting;

/// <summary>What is so with a driver now, as far as it decides how often to report. Thread-safe.</summary>
internal sealed class DriverMoments(DriverIndex index, PositionFanout fanout, TripBook book, BusyPlaces busy, FollowedElsewhere elsewhere)
{
    /// <summary>The moment of now.</summary>
    public ReportingMoment Of(string driverId, int slot)
    {
        index.TryGet(slot, out var driver);
        var (availability, work) = (driver.Status.Availability, driver.Status.Work);
        return new ReportingMoment(
            availability,
            work,
            work is DriverWork.ToPickup or DriverWork.OnTrip && driver.HasFix && book.PlanOf(driverId).Stops is [var stop, ..]
                ? Earth.DistanceMeters(driver.Fix.Point, stop.Location)
                : double.PositiveInfinity,
            fanout.IsFollowed(slot) || elsewhere.IsFollowed(driverId),
            work != DriverWork.ToPickup && work != DriverWork.OnTrip && driver.HasFix && busy.IsBusy(driver.Fix.Point));
    }
}
