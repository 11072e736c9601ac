using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Tests.Roads;

/// <summary>A map drawn in metres.</summary>
internal static class PlainMap
{
    /// <summary>The place so many metres east and north of the map's origin.</summary>
    public static GeoPoint At(double east, double north) => new(
        41 + north / Earth.MetersPerDegree, -8 + east / (Earth.MetersPerDegree * Math.Cos(41 * Math.PI / 180)));
}
