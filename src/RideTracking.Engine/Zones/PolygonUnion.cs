using NetTopologySuite.Geometries;
using NetTopologySuite.Operation.Overlay;
using NetTopologySuite.Operation.OverlayNG;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// Districts side by side become one area: what they share, an edge or hairline gaps and overlaps of rounding, is no border.
/// </summary>
internal static class PolygonUnion
{
    // How wide the overlap along a border may be that two roundings make of it.
    private const double HairlineDegrees = 2 * Rounding.UnitDegrees;

    /// <summary>The union, all its points on the grid: points that lie within half a unit of an edge become points of it.</summary>
    public static Geometry Of(Polygon[] polygons) =>
        UnaryUnionNG.Union((Geometry)polygons[0].Factory.CreateMultiPolygon(polygons), Rounding.Grid);

    /// <exception cref="ZoneGeometryException">Two of them have more than a hairline in common.</exception>
    public static void Require(Polygon[] polygons, List<GivenPolygon> given)
    {
        if (polygons.Length == 1 || polygons.Sum(polygon => polygon.Area) - Of(polygons).Area <= 0.5 * HairlineDegrees * polygons.Sum(polygon => polygon.Length))
        {
            return;
        }

        for (int second = 1; second < polygons.Length; second++)
        {
            for (int first = 0; first < second; first++)
            {
                if (polygons[first].EnvelopeInternal.Intersects(polygons[second].EnvelopeInternal)
                    && OverlayNGRobust.Overlay(polygons[first], polygons[second], SpatialFunction.Intersection) is var common
                    && common.Area > HairlineDegrees * Math.Min(polygons[first].Length, polygons[second].Length))
                {
                    Coordinate place = common.InteriorPoint.Coordinate;
                    throw new ZoneGeometryException(
                        ZoneGeometryFault.SelfCrossing,
                        $"Two polygons overlap, this one and {NameOf(given[first])}: a zone is told once of each place.",
                        given[second].Index, place: new GeoPoint(place.Y, Earth.WrapLongitude(place.X)), feature: given[second].Feature);
                }
            }
        }
    }

    private static string NameOf(GivenPolygon polygon) =>
        (polygon.Feature is { } feature ? $"feature {feature}, " : "") + $"polygon {polygon.Index}";
}
