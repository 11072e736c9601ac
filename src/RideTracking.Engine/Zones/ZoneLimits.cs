namespace RideTracking.Engine.Zones;

/// <summary>How big a zone may be. To be bound as options and not changed afterwards.</summary>
public sealed class ZoneLimits
{
    /// <summary>Most points of all rings together, each ring's closing point included; from 4, 10,000 by default.</summary>
    public int MaxPoints { get; set; } = 10_000;

    /// <summary>Largest area in square metres, holes taken off; above 0, 1e13 (a large country) by default.</summary>
    public double MaxAreaSquareMeters { get; set; } = 1e13;

    /// <summary>
    /// How often a straight line across the zone, east or north, may meet its border on the average; from 2, 500 by default.
    /// What a zone costs to prepare grows with it: a rectangle has 2, a coastline some dozens, a comb of 5,000 teeth 10,000.
    /// As many other edges, on the average, may have a part in the box around an edge.
    /// </summary>
    public double MaxCrossings { get; set; } = 500;

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

        if (!(MaxCrossings >= 2))
        {
            yield return $"{nameof(MaxCrossings)} is {MaxCrossings}; a rectangle alone has 2.";
        }
    }
}
