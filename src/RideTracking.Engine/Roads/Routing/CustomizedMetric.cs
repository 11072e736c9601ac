namespace RideTracking.Engine.Roads.Routing;

/// <summary>A metric brought onto a hierarchy: what routes are found with. Thread-safe, never changes.</summary>
public sealed class CustomizedMetric
{
    internal CustomizedMetric(RoadHierarchy hierarchy, RoadMetric metric, ArcTimes outTimes, ArcTimes inTimes)
    {
        Hierarchy = hierarchy;
        Metric = metric;
        Out = outTimes;
        In = inTimes;
    }

    public RoadHierarchy Hierarchy { get; }

    public RoadMetric Metric { get; }

    internal ArcTimes Out { get; }

    internal ArcTimes In { get; }
}

/// <summary>What the arcs of one direction take.</summary>
/// <param name="Milliseconds">Of each arc; <see cref="EdgeTime.Infinite"/> when no way goes there.</param>
/// <param name="Middles">The rank over which that way goes, or -1 when it is a single turn.</param>
internal sealed record ArcTimes(int[] Milliseconds, int[] Middles);
