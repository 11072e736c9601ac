using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Dispatch;

/// <summary>Where drivers are, as routes begin there.</summary>
internal static class DriverPlaces
{
    // Slower than this a phone's course is noise.
    private const float MinCourseSpeedMetersPerSecond = 2;

    /// <summary>Where a driver is now; null when nobody knows.</summary>
    public static DriverPlace? PlaceOf(this DriverIndex index, DriverSlots slots, string? driverId) =>
        driverId is not null && slots.TryGet(driverId, out var slot) && index.TryGet(slot, out var driver) && driver.HasFix
            ? PlaceOf(driver.Fix)
            : null;

    /// <summary>Where a fix is, and where to when it moves.</summary>
    public static DriverPlace PlaceOf(in Fix fix) =>
        new(fix.Point, float.IsFinite(fix.CourseDegrees) && fix.SpeedMetersPerSecond >= MinCourseSpeedMetersPerSecond ? fix.CourseDegrees : null);
}
