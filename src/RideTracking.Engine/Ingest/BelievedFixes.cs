namespace RideTracking.Engine.Ingest;

/// <summary>Which of a car's fixes are believed, now that all of them are known.</summary>
public static class BelievedFixes
{
    /// <summary>
    /// What the gate takes when it sees the fixes in the order of their times. Late ones, which it let through without a look at what lies around them, are held
    /// against their neighbours like all others.
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

        return believed;
    }
}
