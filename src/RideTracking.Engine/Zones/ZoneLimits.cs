namespace RideTracking.Engine.Zones;

/// <summary>How big a zone may be. To be bound as options and not changed afterwards.</summary>
public sealed class ZoneLimits
{
    /// <summary>Most points of all rings together, each ring's closing point included; from 4, 10,000 by default.</summary>
    public int MaxPoints { get; set; } = 10_000;

    /// <summary>Largest area in square metres, holes taken off; above 0, 1e13 (a large country) by default.</summary>
    public double MaxAreaSquareMeters { get; set; } = 1e13;

    /// <summary>What is wrong with the limits, to be said at start; nothing when they are usable.</summary>
    public IEnumerable<string> Problems()
    {
        if (MaxPoints < 4)
        {
            yield return $"{nameof(MaxPoints)} is {MaxPoints}; a ring alone has 4.";
        }

        if (!(MaxAreaSquareMeters > 0))
        {
            yield return $"{nameof(MaxAreaSquareMeters)} is {MaxAreaSquareMeters}; it must be above 0.";
        }
    }
}
