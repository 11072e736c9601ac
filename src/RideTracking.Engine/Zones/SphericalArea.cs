using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>The area of polygons whose edges are straight in longitude and latitude, on a sphere.</summary>
internal static class SphericalArea
{
    private const double RadiansPerDegree = Math.PI / 180;

    /// <summary>Square metres, holes taken off.</summary>
    public static double SquareMeters(Geometry area)
    {
        double sum = 0;
        for (int part = 0; part < area.NumGeometries; part++)
        {
            var polygon = (Polygon)area.GetGeometryN(part);
            sum += OfRing(polygon.ExteriorRing.Coordinates) - polygon.InteriorRings.Sum(hole => OfRing(hole.Coordinates));
        }

        return sum;
    }

    // R^2 times the integral of sin(latitude) over the longitude along the ring; exact where latitude is linear in it.
    private static double OfRing(Coordinate[] ring)
    {
        double sum = 0;
        for (int i = 1; i < ring.Length; i++)
        {
            double from = ring[i - 1].Y * RadiansPerDegree, to = ring[i].Y * RadiansPerDegree;
            double middle = (from + to) / 2, half = (to - from) / 2;
            double mean = Math.Sin(middle) * (Math.Abs(half) < 1e-9 ? 1 : Math.Sin(half) / half);
            sum += (ring[i].X - ring[i - 1].X) * RadiansPerDegree * mean;
        }

        return Math.Abs(sum) * Earth.RadiusMeters * Earth.RadiusMeters;
    }
}
