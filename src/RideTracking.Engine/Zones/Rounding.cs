using NetTopologySuite.Geometries;

namespace RideTracking.Engine.Zones;

/// <summary>Zones lie on the grid that fixes lie on: 1e-7 degrees, 11 mm.</summary>
internal static class Rounding
{
    public const double UnitDegrees = 1e-7;

    /// <summary>The same for overlays: where borders cross or meet, they do so on the grid.</summary>
    public static readonly PrecisionModel Grid = new(1e7);

    /// <summary>The nearest number of the grid, halves to the even one; zero is never negative.</summary>
    public static double ToE7(double degrees) => Math.Round(degrees * 1e7) / 1e7 + 0.0;
}
