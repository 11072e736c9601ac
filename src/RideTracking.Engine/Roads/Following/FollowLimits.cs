namespace RideTracking.Engine.Roads.Following;

/// <summary>When a driver is on a route, off it, and where he was to be. Not to be changed once in use.</summary>
public sealed record FollowLimits
{
    /// <summary>
    /// How far from the route's line a fix is still on it, in metres. A wide avenue is 30 m from its centre line to the
    /// far kerb, and centre lines are a few metres off; the next street of a dense city is 50 m away.
    /// </summary>
    public double OffRouteMeters { get; init; } = 40;

    /// <summary>A fix is on the route too when it lies within this many of its own accuracies (68 %); two hold 95 %.</summary>
    public double OffRouteAccuracies { get; init; } = 2;

    /// <summary>How many fixes in a row must be off the route before the driver is. One or two are what a bad moment gives.</summary>
    public int OffRouteFixes { get; init; } = 3;

    /// <summary>And for how long: a phone that sends each 0.2 s must not be off the route after 0.6 s.</summary>
    public TimeSpan OffRouteFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many fixes in a row on the route end being off it. More than one: at a crossing everybody is on it.</summary>
    public int BackOnRouteFixes { get; init; } = 2;

    /// <summary>
    /// Driving more than this many degrees away from the route's direction is driving against it. A right angle is not:
    /// corners are cut and maps round them.
    /// </summary>
    public double AgainstDegrees { get; init; } = 120;

    /// <summary>Slower than this, in m/s, a course means nothing.</summary>
    public double CourseSpeedMetersPerSecond { get; init; } = 3;

    /// <summary>Accuracy in metres (68 %) of a fix that does not tell its own.</summary>
    public double AssumedAccuracyMeters { get; init; } = 10;

    /// <summary>
    /// How far ahead of the last progress the next fix is looked for, in metres, at least. Beyond it, time since the last
    /// fix at <see cref="MaxSpeedMetersPerSecond"/>.
    /// </summary>
    public double AheadMeters { get; init; } = 150;

    /// <summary>How far behind, besides the accuracy: jitter puts fixes behind the place already reached.</summary>
    public double BehindMeters { get; init; } = 40;

    /// <summary>Faster than anybody drives along a route, in m/s.</summary>
    public double MaxSpeedMetersPerSecond { get; init; } = 45;

    /// <summary>A driver who is slow this near to a waypoint, in metres, has arrived: a few parked cars away.</summary>
    public double ArriveMeters { get; init; } = 30;

    /// <summary>Slow, in m/s: walking.</summary>
    public double ArriveSpeedMetersPerSecond { get; init; } = 2;

    /// <summary>A driver who is this far past a waypoint, in metres, has driven by.</summary>
    public double PassedMeters { get; init; } = 60;

    /// <summary>
    /// How far from a straight-line route a fix may lie, in metres; half the leg's length when that is more. Nobody drives
    /// as the crow flies, so only who goes somewhere else altogether is off it.
    /// </summary>
    public double StraightLineOffRouteMeters { get; init; } = 1_500;
}
