using System.Globalization;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>What is wrong with a zone's geometry.</summary>
public enum ZoneGeometryFault
{
    /// <summary>Not JSON, or not shaped as GeoJSON (RFC 7946).</summary>
    NotGeoJson,

    /// <summary>GeoJSON, but neither a Polygon nor a MultiPolygon.</summary>
    NotPolygon,

    /// <summary>No polygon in it.</summary>
    Empty,

    /// <summary>A ring of fewer than four points, the closing one included.</summary>
    TooFewPoints,

    /// <summary>A ring whose last point is not its first.</summary>
    RingNotClosed,

    /// <summary>A latitude or longitude that is no place on earth.</summary>
    CoordinateOutOfRange,

    /// <summary>More points than the limit.</summary>
    TooManyPoints,

    /// <summary>A larger area than the limit.</summary>
    AreaTooLarge,

    /// <summary>A border that goes to and fro more often than the limit.</summary>
    TooIntricate,

    /// <summary>A ring that crosses or touches itself, or crosses another, or two polygons that overlap.</summary>
    SelfCrossing,

    /// <summary>A hole that is not within its shell.</summary>
    HoleOutsideShell,

    /// <summary>A hole within another hole, or holes that cut the inside in two.</summary>
    HolesOverlap,

    /// <summary>A ring around a pole, or touching it.</summary>
    ContainsPole,

    /// <summary>A ring without area.</summary>
    NoArea,

    /// <summary>Coordinates in another reference system than WGS 84.</summary>
    OtherReferenceSystem,
}

/// <summary>A zone's geometry is refused. The message says what is wrong and where, for the person who drew it.</summary>
public sealed class ZoneGeometryException : FormatException
{
    internal ZoneGeometryException(
        ZoneGeometryFault fault, string problem, int? polygon = null, int? ring = null, int? point = null, GeoPoint? place = null,
        int? feature = null)
        : base(problem + Where(feature, polygon, ring, point, place))
    {
        (Fault, FeatureIndex, PolygonIndex, RingIndex, PointIndex, Place) = (fault, feature, polygon, ring, point, place);
    }

    /// <summary>What is wrong.</summary>
    public ZoneGeometryFault Fault { get; }

    /// <summary>Which feature of a FeatureCollection, from 0; null when there is none, or it is not about one.</summary>
    public int? FeatureIndex { get; }

    /// <summary>Which polygon of a MultiPolygon, from 0; null when it is not about one.</summary>
    public int? PolygonIndex { get; }

    /// <summary>Which ring of the polygon: 0 the shell, from 1 the holes; null when it is not about one.</summary>
    public int? RingIndex { get; }

    /// <summary>Which point of the ring, from 0; null when it is not about one.</summary>
    public int? PointIndex { get; }

    /// <summary>The place on earth, as given or where lines cross; null when it is not about one.</summary>
    public GeoPoint? Place { get; }

    private static string Where(int? feature, int? polygon, int? ring, int? point, GeoPoint? place)
    {
        string where = string.Join(", ", new[]
        {
            feature is null ? null : $"feature {feature}",
            polygon is null ? null : $"polygon {polygon}",
            ring is null ? null : ring == 0 ? "ring 0 (the shell)" : $"ring {ring} (a hole)",
            point is null ? null : $"point {point}",
            place is not { } at ? null : string.Create(
                CultureInfo.InvariantCulture, $"longitude {at.LongitudeDegrees}, latitude {at.LatitudeDegrees}"),
        }.Where(part => part is not null));
        return where.Length == 0 ? "" : $" At {where}.";
    }
}
