using NetTopologySuite.Geometries;
using NetTopologySuite.Geometries.Utilities;
using NetTopologySuite.Operation.Union;

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
                ring[i].X -= Turn * Math.Round(jump / Turn);
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
                point.X -= turns * Turn;
            }
        }
    }

    /// <summary>Joins polygons that end at 180 degrees with those that go on from -180.</summary>
    public static Geometry Join(Polygon[] polygons)
    {
        double east = polygons.Max(polygon => polygon.EnvelopeInternal.MaxX);
        if (polygons.Length > 1 && east >= 180 && polygons.Any(polygon => GoesOn(polygon, east)))
        {
            Geometry joined = UnaryUnionOp.Union([.. polygons.Select(polygon =>
                GoesOn(polygon, east) ? Moved(polygon, Turn) : polygon)]);
            polygons = [.. Parts(joined).Select(polygon =>
                polygon.EnvelopeInternal.MinX >= 180 ? (Polygon)Moved(polygon, -Turn) : polygon)];
        }

        return polygons.Length == 1 ? polygons[0] : polygons[0].Factory.CreateMultiPolygon(polygons);
    }

    /// <summary>The same area with no longitude beyond 180.</summary>
    public static Geometry Cut(Geometry area)
    {
        if (area.EnvelopeInternal.MaxX <= 180)
        {
            return area;
        }

        GeometryFactory factory = area.Factory;
        Polygon[] parts =
        [
            .. Parts(area.Intersection(factory.ToGeometry(new Envelope(-180, 180, -90, 90)))),
            .. Parts(Moved(area.Intersection(factory.ToGeometry(new Envelope(180, 540, -90, 90))), -Turn)),
        ];
        return parts.Length == 1 ? parts[0] : factory.CreateMultiPolygon(parts);
    }

    /// <summary>The polygons of any geometry; what has no area is left out.</summary>
    public static IEnumerable<Polygon> Parts(Geometry geometry) => PolygonExtracter.GetPolygons(geometry).Cast<Polygon>();

    public static Geometry Moved(Geometry geometry, double degrees) =>
        AffineTransformation.TranslationInstance(degrees, 0).Transform(geometry);

    private static bool GoesOn(Polygon polygon, double east) =>
        polygon.EnvelopeInternal.MinX + Turn <= east && polygon.EnvelopeInternal.MaxX < 180;
}
