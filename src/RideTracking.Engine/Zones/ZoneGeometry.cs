using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// The valid area of a zone: polygons with holes, on WGS 84. Edges are straight in longitude and latitude, as RFC 7946
/// has it. Longitudes run on beyond 180 where it crosses the antimeridian. Borders, those of holes too, belong to it.
/// Immutable; asking it a question allocates nothing.
/// </summary>
public sealed class ZoneGeometry
{
    private readonly ZoneBorder _border;

    internal ZoneGeometry(Geometry area)
    {
        Area = area;
        _border = new ZoneBorder(area);
        PointCount = area.NumPoints;
        AreaSquareMeters = SphericalArea.SquareMeters(area);
    }

    /// <summary>
    /// Polygon or MultiPolygon with x the longitude and y the latitude in degrees. Each polygon's western edge is
    /// at -180 to below 180; the eastern one may be up to 360 degrees further. Not to be changed.
    /// </summary>
    public Geometry Area { get; }

    /// <summary>Points of all rings together, closing ones included.</summary>
    public int PointCount { get; }

    /// <summary>On a sphere of the earth's mean radius, in square metres.</summary>
    public double AreaSquareMeters { get; }

    internal ZoneBorder Border => _border;

    /// <summary>
    /// Reads a Polygon or MultiPolygon, a Feature of one, or a FeatureCollection or GeometryCollection of several, which
    /// become one area and may touch, not overlap. Coordinates are rounded to 1e-7 degrees, as fixes have them; points given
    /// twice and edges there and back go. A ring whose longitudes jump by more than 180 degrees between neighbours, or that
    /// goes beyond 180, crosses the antimeridian; parts cut there are joined again.
    /// </summary>
    /// <exception cref="ZoneGeometryException">It is refused, with what is wrong and where.</exception>
    public static ZoneGeometry Parse(string geoJson, ZoneLimits limits)
    {
        ArgumentNullException.ThrowIfNull(geoJson);
        ArgumentNullException.ThrowIfNull(limits);
        return RingCheck.Build(GeoJsonRings.Read(geoJson, limits.MaxPoints, out _), limits);
    }

    /// <summary>
    /// The GeoJSON to keep of a zone: as it was given where it is a Polygon, a MultiPolygon or a Feature of one, else its
    /// geometry alone, so that whoever draws it need not know all that may be imported.
    /// </summary>
    /// <exception cref="ZoneGeometryException">It is refused, with what is wrong and where.</exception>
    public static string ToKeep(string geoJson, ZoneLimits limits)
    {
        ArgumentNullException.ThrowIfNull(geoJson);
        ArgumentNullException.ThrowIfNull(limits);
        ZoneGeometry geometry = RingCheck.Build(GeoJsonRings.Read(geoJson, limits.MaxPoints, out bool isPlain), limits);
        return isPlain ? geoJson : geometry.ToGeoJson();
    }

    /// <summary>
    /// The geometry as RFC 7946 wants it: cut at the antimeridian, shells counterclockwise, holes clockwise.
    /// Parsed again, it is the same area.
    /// </summary>
    public string ToGeoJson() => GeoJsonRings.Write(Antimeridian.Cut(Area));

    /// <summary>Whether a place lies inside or on the border. An invalid place lies nowhere.</summary>
    public bool Contains(GeoPoint point) => point.IsValid && _border.Contains(point);

    /// <summary>
    /// Metres from a place to the nearest border, whichever side it is on.
    /// </summary>
    /// <param name="point">Must be valid.</param>
    /// <param name="atMostMeters">
    /// How far to look; what is further comes back as this. Up to 10,000 m: it is reckoned on the plane around the
    /// place, which is off by about a part in a thousand there.
    /// </param>
    public double MetersToBorder(GeoPoint point, double atMostMeters) => _border.MetersTo(point, atMostMeters);
}
