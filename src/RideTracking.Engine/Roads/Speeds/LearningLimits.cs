namespace RideTracking.Engine.Roads.Speeds;

/// <summary>How speeds and trip times are learned. Not to be changed once in use.</summary>
public sealed record LearningLimits
{
    /// <summary>What was seen so long ago counts half: roadworks and seasons pass, a few Mondays are still there to learn from.</summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromDays(28);

    /// <summary>
    /// A stretch is learned from once so many metres are driven: fixes are some metres off, which is half of a short
    /// interval's way; waiting at a light belongs to the stretch that leads to it.
    /// </summary>
    public double LeastStretchMeters { get; init; } = 60;

    /// <summary>A car that gets no further in this time is not in traffic: it waits for somebody.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Slower than free flow by more than this factor counts as this: one car in trouble is not the road's.</summary>
    public double GreatestFactor { get; init; } = 9;

    /// <summary>Faster than this counts as this: fixes are wrong by more than drivers are fast.</summary>
    public double LeastFactor { get; init; } = 0.4;

    /// <summary>
    /// What all roads, a class of roads, an hour, and an hour of a class are believed before anything is seen: so many seconds
    /// of driving must be seen to be believed as much as what is known without them.
    /// </summary>
    public double GroupSeconds { get; init; } = 600;

    /// <summary>
    /// The same for a road, in seconds of driving on it: twenty cars on a street of 10 s. Fixes 15 s apart tell little of one
    /// street; chosen among 20, 60 and 200 on the first part of a day in Porto.
    /// </summary>
    public double RoadSeconds { get; init; } = 200;

    /// <summary>The same for an hour of a road.</summary>
    public double RoadHourSeconds { get; init; } = 400;

    /// <summary>Trips that must be seen to believe their spread as much as that of a wider group of trips.</summary>
    public double Trips { get; init; } = 15;
}
