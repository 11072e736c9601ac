namespace RideTracking.Engine.Roads.Speeds;

/// <summary>How long a trip takes, and how sure that is.</summary>
/// <param name="Low">One trip in ten takes less.</param>
/// <param name="Median">As many take less as more.</param>
/// <param name="High">One trip in ten takes more.</param>
public readonly record struct TripTimeRange(TimeSpan Low, TimeSpan Median, TimeSpan High);
