using NetTopologySuite.Geometries;
using NetTopologySuite.Geometries.Utilities;
using NetTopologySuite.Operation.Overlay;
using NetTopologySuite.Operation.OverlayNG;

namespace RideTracking.Engine.Zones;

/// <summary>Joins areas across the 180th meridian into longitudes that run on, and cuts them there again.</summary>
internal static class Antimeridian
{
    private const double Turn = 360;

    /// <summary>Longitudes that run on from the first one: each is the nearest to its predecessor.</summary>
    public static void Unroll(Coordinate[] ring)
    {
        for (int i = 1; i < ring.Length; i++)
        {
            double jump = ring[i].X - ring[i - 1].X;
            if (Math.Abs(jump) > 180)
            {
                ring[i].X = Rounding.ToE7(ring[i].X - Turn * Math.Round(jump / Turn));
            }
        }
    }

    /// <summary>Moves a ring by whole turns so that its western edge is at a longitude or less than a turn east of it.</summary>
    public static void Start(Coordinate[] ring, double westDegrees)
    {
        double turns = Math.Floor((ring.Min(point => point.X) - westDegrees) / Turn);
        if (turns != 0)
        {
            foreach (Coordinate point in ring)
            {
                point.X = Rounding.ToE7(point.X - turns * Turn);
            }
        }
    }

    /// <summary>One area of polygons that do not overlap; those that go on from -180 where others end at 180 run on there.</summary>
    public static Geometry Join(Polygon[] polygons)
    {
        if (polygons.Length == 1)
        {
            return polygons[0];
        }

        double east = polygons.Max(polygon => polygon.EnvelopeInternal.MaxX);
        Geometry joined = PolygonUnion.Of([.. polygons.Select(polygon => east >= 180 && GoesOn(polygon, east) ? (Polygon)Moved(polygon, Turn) : polygon)]);
        Polygon[] parts = [.. Parts(joined).Select(polygon => polygon.EnvelopeInternal.MinX >= 180 ? (Polygon)Moved(polygon, -Turn) : polygon)];
        return parts.Length == 1 ? parts[0] : joined.Factory.CreateMultiPolygon(parts);
    }

    /// <summary>The same area with no longitude beyond 180.</summary>
    public static Geometry Cut(Geometry area)
    {
        if (area.EnvelopeInternal.MaxX <= 180)
        {
            return area;
        }

        Polygon[] parts = [.. Parts(Within(area, -180)), .. Parts(Within(area, 180)).Select(part => (Polygon)Moved(part, -Turn))];
        return parts.Length == 1 ? parts[0] : area.Factory.CreateMultiPolygon(parts);
    }

    private static Geometry Within(Geometry area, double west) => OverlayNG.Overlay(
        area, area.Factory.ToGeometry(new Envelope(west, west + Turn, -90, 90)), SpatialFunction.Intersection, Rounding.Grid);

    /// <summary>The polygons of any geometry; what has no area is left out.</summary>
    public static IEnumerable<Polygon> Parts(Geometry geometry) => PolygonExtracter.GetPolygons(geometry).Cast<Polygon>();

    private static Geometry Moved(Geometry geometry, double degrees)
    {
        Geometry moved = geometry.Copy();
        foreach (Coordinate point in moved.Coordinates)
        {
            point.X = Rounding.ToE7(point.X + degrees);
        }

        moved.GeometryChanged();
        return moved;
    }

    private static bool GoesOn(Polygon polygon, double east) =>
        polygon.EnvelopeInternal.MinX + Turn <= east && polygon.EnvelopeInternal.MaxX < 180;
}
