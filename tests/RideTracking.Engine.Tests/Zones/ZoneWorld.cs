using System.Globalization;
using CsCheck;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>Zones of random shapes at random places, holes among them.</summary>
internal static class ZoneWorld
{
    public static readonly ZoneLimits Limits = new();

    /// <summary>Centres where zones are hard: near poles, at and across the antimeridian, at 0/0.</summary>
    public static readonly Gen<GeoPoint> Center = Gen.Frequency(
        (3, Gen.Const(Places.Porto)),
        (2, Gen.Select(Gen.Double[-80, 80], Gen.Double[-180, 180], (latitude, longitude) => new GeoPoint(latitude, longitude))),
        (2, Gen.Double[-80, 80].Select(latitude => new GeoPoint(latitude, 180))),
        (1, Gen.Double[-180, 180].Select(longitude => new GeoPoint(89, longitude))),
        (1, Gen.Double[-180, 180].Select(longitude => new GeoPoint(-89, longitude))),
        (1, Gen.Const(new GeoPoint(0, 0))));

    /// <summary>A star with a star-shaped hole, around a place; the radius in degrees of latitude, up to 0.9.</summary>
    public static ZoneGeometry Star(GeoPoint center, double radiusDegrees, Random random, bool withHole = true)
    {
        string shell = Ring(center, radiusDegrees * 0.6, radiusDegrees, random);
        string hole = withHole ? "," + Ring(center, radiusDegrees * 0.2, radiusDegrees * 0.4, random) : "";
        return ZoneGeometry.Parse($$"""{"type":"Polygon","coordinates":[{{shell}}{{hole}}]}""", Limits);
    }

    public static ZoneGeometry Box(double south, double west, double north, double east) => ZoneGeometry.Parse(
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"type":"Polygon","coordinates":[[[{{west}},{{south}}],[{{east}},{{south}}],[{{east}},{{north}}],[{{west}},{{north}}],[{{west}},{{south}}]]]}"""),
        Limits);

    /// <summary>The GeoJSON of a comb as high as it is wide, its teeth to the north, or to the east.</summary>
    public static string Comb(double south, double west, double degrees, int teeth, bool eastward = false)
    {
        IEnumerable<(double Along, double Up)> points =
        [
            .. Enumerable.Range(0, 2 * teeth).Select(i => (degrees * i / (2 * teeth - 1), i % 2 == 0 ? 0.01 * degrees : degrees)),
            (degrees, 0), (0, 0), (0, 0.01 * degrees),
        ];
        IEnumerable<string> positions = points.Select(point => string.Create(
            CultureInfo.InvariantCulture,
            $"[{west + (eastward ? point.Up : point.Along):F7},{south + (eastward ? point.Along : point.Up):F7}]"));
        return $$"""{"type":"Polygon","coordinates":[[{{string.Join(",", positions)}}]]}""";
    }

    public static Zone Named(string id, ZoneGeometry geometry, ZoneKind kind = ZoneKind.Geofence, long version = 1, TimeSpan? dwell = null) =>
        new(id, id, kind, version, geometry, dwell);

    /// <summary>A set with a zone added, or put in place of the one with its id.</summary>
    public static ZoneSet With(this ZoneSet set, Zone zone) => ZoneSet.Of(set.Zones.Where(other => other.Id != zone.Id).Append(zone));

    /// <summary>A box whose sides are so many metres from a place.</summary>
    public static ZoneGeometry Around(GeoPoint place, double meters)
    {
        double latitude = meters / Earth.MetersPerDegree;
        double longitude = latitude / Math.Cos(place.LatitudeDegrees * Math.PI / 180);
        return Box(
            place.LatitudeDegrees - latitude, place.LongitudeDegrees - longitude,
            place.LatitudeDegrees + latitude, place.LongitudeDegrees + longitude);
    }

    /// <summary>So many metres east and north of a place, for short ways.</summary>
    public static GeoPoint Offset(GeoPoint place, double eastMeters, double northMeters) => new(
        place.LatitudeDegrees + northMeters / Earth.MetersPerDegree,
        Earth.WrapLongitude(place.LongitudeDegrees
            + eastMeters / Earth.MetersPerDegree / Math.Cos(place.LatitudeDegrees * Math.PI / 180)));

    private static string Ring(GeoPoint center, double inner, double outer, Random random)
    {
        int points = random.Next(5, 30);
        double stretch = 1 / Math.Max(Math.Cos(center.LatitudeDegrees * Math.PI / 180), 0.02);
        var ring = Enumerable.Range(0, points).Select(i =>
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * i / points);
            double radius = inner + (outer - inner) * random.NextDouble();
            return string.Create(
                CultureInfo.InvariantCulture,
                $"[{Earth.WrapLongitude(center.LongitudeDegrees + radius * cos * stretch)},{center.LatitudeDegrees + radius * sin}]");
        }).ToList();
        return $"[{string.Join(",", ring.Append(ring[0]))}]";
    }
}
