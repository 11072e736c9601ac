using System.Collections.Immutable;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;

namespace RideTracking.Server.Trips;

/// <summary>Where drivers are, as routes begin there.</summary>
internal static class DriverPlaces
{
    // Slower than this a phone's course is noise.
    private const float MinCourseSpeedMetersPerSecond = 2;

    /// <summary>Where drivers are now, as far as anybody knows.</summary>
    public static ImmutableArray<DriverPlace> PlacesOf(this DriverIndex index, DriverSlots slots, IEnumerable<string> driverIds)
    {
        var places = ImmutableArray.CreateBuilder<DriverPlace>();
        foreach (var driverId in driverIds)
        {
            if (slots.TryGet(driverId, out var slot) && index.TryGet(slot, out var driver) && driver.HasFix)
            {
                var fix = driver.Fix;
                places.Add(new DriverPlace(
                    driverId, fix.Point, float.IsFinite(fix.CourseDegrees) && fix.SpeedMetersPerSecond >= MinCourseSpeedMetersPerSecond ? fix.CourseDegrees : null));
            }
        }

        return places.ToImmutable();
    }
}
