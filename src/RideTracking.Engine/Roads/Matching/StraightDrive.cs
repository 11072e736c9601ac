using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>Where a driver drove as far as fixes alone tell it, without a map. Thread-safe.</summary>
public static class StraightDrive
{
    /// <summary>
    /// Places that are clearly apart, each from the one before: what lies nearer together than receivers err would add an error with each fix, and most
    /// where fixes are close. It is a little shorter than the way at its corners and at its end.
    /// </summary>
    /// <param name="fixes">Of one drive, oldest first.</param>
    /// <param name="limits">By which map matching tells places apart, too.</param>
    public static GeoPoint[] Places(ReadOnlySpan<Fix> fixes, MatchingLimits limits)
    {
        var model = new MatchingModel(limits);
        var places = new List<GeoPoint>();
        foreach (ref readonly Fix fix in fixes)
        {
            if (places.Count == 0 || model.IsNewPlace(fix, places[^1]))
            {
                places.Add(fix.Point);
            }
        }

        return [.. places];
    }
}
