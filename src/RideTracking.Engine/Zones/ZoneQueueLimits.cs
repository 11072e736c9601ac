namespace RideTracking.Engine.Zones;

/// <summary>How patient a queue is. To be bound as options and not changed afterwards.</summary>
public sealed class ZoneQueueLimits
{
    /// <summary>A driver who is lost or outside for no longer than this keeps the place; 0 to 1 hour, 3 minutes by default.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Places up to this one are told exactly and at once, those behind in steps; 1 to 100, 10 by default.</summary>
    public int ExactPlaces { get; set; } = 10;

    /// <summary>What is wrong with the limits, to be said at start; nothing when they are usable.</summary>
    public IEnumerable<string> Problems()
    {
        if (Grace < TimeSpan.Zero || Grace > TimeSpan.FromHours(1))
        {
            yield return $"{nameof(Grace)} is {Grace}; it must be 0 to 1 hour.";
        }

        if (ExactPlaces is < 1 or > 100)
        {
            yield return $"{nameof(ExactPlaces)} is {ExactPlaces}; it must be 1 to 100.";
        }
    }
}
