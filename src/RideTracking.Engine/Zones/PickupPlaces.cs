using NetTopologySuite.Geometries;
using NetTopologySuite.Geometries.Utilities;
using NetTopologySuite.Operation.Distance;
using NetTopologySuite.Operation.Union;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// Where somebody may be picked up: inside a service area, if there are any, and outside of all no-pickup zones. Asked
/// once for a trip, so it lets NetTopologySuite overlay the zones around, on a plane in metres.
/// </summary>
internal sealed class PickupPlaces(ZoneSet set)
{
    // Clear of the border by more than a phone's or a map's rounding, and less than a street is wide.
    private const double ClearMeters = 5;
    private const double FirstLookMeters = 500;
    private const double RadiansPerDegree = Math.PI / 180;
    private static readonly GeometryFactory Factory = new();

    private readonly bool _servedEverywhere = !set.Zones.Any(zone => zone.Kind == ZoneKind.ServiceArea);

    public ZoneAdmission Admits(GeoPoint point)
    {
        var zones = set.Containing(point);
        return new ZoneAdmission(
            zones.RemoveAll(zone => zone.Kind != ZoneKind.ServiceArea),
            zones.RemoveAll(zone => zone.Kind != ZoneKind.NoPickup),
            _servedEverywhere);
    }

    public GeoPoint? NearestAllowed(GeoPoint point, double withinMeters)
    {
        if (!point.IsValid)
        {
            throw new ArgumentOutOfRangeException(nameof(point), point, "Must be a place on earth.");
        }

        if (!(withinMeters is > 0 and <= 50_000))
        {
            throw new ArgumentOutOfRangeException(nameof(withinMeters), withinMeters, "Must be above 0 to 50,000 m.");
        }

        if (Admits(point).AllowsPickup)
        {
            return point;
        }

        for (double look = Math.Min(FirstLookMeters, withinMeters); ; look = Math.Min(look * 4, withinMeters))
        {
            if (NearestIn(point, look) is { } found)
            {
                return found;
            }

            if (look >= withinMeters)
            {
                return null;
            }
        }
    }

    private GeoPoint? NearestIn(GeoPoint point, double withinMeters)
    {
        // A margin around, or the edge of what is looked at would be kept clear of like a border.
        double side = withinMeters + 2 * ClearMeters;
        Geometry box = Factory.ToGeometry(new Envelope(-side, side, -side, side));
        Geometry allowed = box;
        if (!_servedEverywhere)
        {
            allowed = Around(point, box, ZoneKind.ServiceArea);
        }

        allowed = allowed.Difference(Around(point, box, ZoneKind.NoPickup)).Buffer(-ClearMeters);
        if (allowed.IsEmpty)
        {
            return null;
        }

        Coordinate nearest = DistanceOp.NearestPoints(allowed, Factory.CreatePoint(new Coordinate(0, 0)))[0];
        if (nearest.Distance(new Coordinate(0, 0)) > withinMeters)
        {
            return null;
        }

        (double scaleX, double scaleY) = MetersPerDegree(point);
        return new GeoPoint(
            point.LatitudeDegrees + nearest.Y / scaleY, Earth.WrapLongitude(point.LongitudeDegrees + nearest.X / scaleX));
    }

    /// <summary>The zones of a kind together, within a box in metres around a place.</summary>
    private Geometry Around(GeoPoint point, Geometry box, ZoneKind kind)
    {
        (double scaleX, double scaleY) = MetersPerDegree(point);
        var parts = new List<Geometry>();
        foreach (Zone zone in set.Zones.Where(zone => zone.Kind == kind))
        {
            Envelope bounds = zone.Geometry.Area.EnvelopeInternal;
            for (double turn = -720; turn <= 360; turn += 360)
            {
                double west = point.LongitudeDegrees - turn;
                var local = new Envelope(
                    (bounds.MinX - west) * scaleX, (bounds.MaxX - west) * scaleX,
                    (bounds.MinY - point.LatitudeDegrees) * scaleY, (bounds.MaxY - point.LatitudeDegrees) * scaleY);
                if (local.Intersects(box.EnvelopeInternal))
                {
                    parts.Add(AffineTransformation.TranslationInstance(-west, -point.LatitudeDegrees)
                        .Scale(scaleX, scaleY).Transform(zone.Geometry.Area).Intersection(box));
                }
            }
        }

        return parts.Count == 0 ? Factory.CreatePolygon() : UnaryUnionOp.Union(parts);
    }

    private static (double X, double Y) MetersPerDegree(GeoPoint point) =>
        (Earth.MetersPerDegree * Math.Max(Math.Cos(point.LatitudeDegrees * RadiansPerDegree), 1e-6), Earth.MetersPerDegree);
}
