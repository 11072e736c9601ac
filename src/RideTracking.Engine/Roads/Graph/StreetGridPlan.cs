using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>What city <see cref="StreetGrid"/> makes up.</summary>
public sealed record StreetGridPlan
{
    /// <summary>The middle of the city.</summary>
    public required GeoPoint Center { get; init; }

    /// <summary>From edge to edge across the avenues, in metres, 500 to 60,000.</summary>
    public double WidthMeters { get; init; } = 6_600;

    /// <summary>From edge to edge along the avenues, in metres, 500 to 60,000.</summary>
    public double HeightMeters { get; init; } = 6_600;

    /// <summary>From one street to the next, in metres, 40 to 400.</summary>
    public double BlockMeters { get; init; } = 110;

    /// <summary>By how much the avenues are turned clockwise from north, in degrees.</summary>
    public double TurnDegrees { get; init; } = 17;

    /// <summary>The same plan and seed make the same city.</summary>
    public int Seed { get; init; } = 1;
}
