using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Ingest;

/// <summary>Which of a car's fixes are believed, now that all of them are known.</summary>
public static class BelievedFixes
{
    /// <summary>In m/s²: an emergency stop on a dry road. No car is quicker to leave its way and be back.</summary>
    private const double MaxAccelerationMetersPerSecondSquared = 8;

    /// <summary>
    /// What the gate takes when it sees the fixes in the order of their times, but for those that lie aside of what is before and after them by more than a car
    /// can swerve. Late ones, which the gate let through without a look at what lies around them, are held against their neighbours like all others.
    /// </summary>
    /// <param name="fixes">By <see cref="Fix.FixedAtUnixMs"/>, oldest first.</param>
    /// <param name="limits">The gate's.</param>
    public static List<Fix> Of(IEnumerable<Fix> fixes, GateLimits limits)
    {
        var state = new GateState();
        var believed = new List<Fix>();
        foreach (Fix fix in fixes)
        {
            Fix judged = fix with { SensorTimeUnixMs = fix.FixedAtUnixMs };
            if (Gate.Judge(ref judged, 0, fix.FixedAtUnixMs, fix.FixedAtUnixMs, ref state, limits).Outcome == FixOutcome.Accepted)
            {
                believed.Add(fix);
            }
        }

        return WithoutSwerves(believed, limits);
    }

    private static List<Fix> WithoutSwerves(List<Fix> fixes, GateLimits limits)
    {
        var kept = new List<Fix>(fixes.Count);
        for (int i = 0; i < fixes.Count; i++)
        {
            double excess = i > 0 && i + 1 < fixes.Count ? SwerveMeters(kept[^1], fixes[i], fixes[i + 1], limits) : 0;
            // A fix that is wild makes those beside it look so, too, but less.
            bool isWild = excess > 0 && (i + 2 >= fixes.Count || excess >= SwerveMeters(fixes[i], fixes[i + 1], fixes[i + 2], limits));
            if (!isWild)
            {
                kept.Add(fixes[i]);
            }
        }

        return kept;
    }

    // A car whose acceleration is bounded by a is never farther than a/2·s·t from where it would be at a steady speed, s seconds after one place and t before
    // the next.
    private static double SwerveMeters(in Fix before, in Fix fix, in Fix after, GateLimits limits)
    {
        double since = (fix.FixedAtUnixMs - before.FixedAtUnixMs) / 1e3, until = (after.FixedAtUnixMs - fix.FixedAtUnixMs) / 1e3;
        GeoPoint steady = before.Point.Toward(after.Point, since / (since + until));
        double uncertain = Gate.UncertainMeters(fix, limits) + Math.Max(Gate.UncertainMeters(before, limits), Gate.UncertainMeters(after, limits));
        return Earth.DistanceMeters(steady, fix.Point) - uncertain - MaxAccelerationMetersPerSecondSquared / 2 * since * until;
    }
}
