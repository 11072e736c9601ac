using System.Buffers;
using System.Text;
using System.Text.Json;
using NetTopologySuite.Algorithm;
using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// The rings of GeoJSON (RFC 7946), as drawing tools write it: bare, in a Feature, in a FeatureCollection, after a byte order
/// mark. A reader of our own, because a general one refuses an open or short ring without saying which.
/// </summary>
internal sealed class GeoJsonRings
{
    // A collection in a collection in a collection; nobody draws more.
    private const int DeepestCollection = 8;

    private static readonly string[] KnownReferenceSystems = ["CRS84", "EPSG:4326", "EPSG::4326"];

    private readonly int _maxPoints;
    private readonly List<GivenPolygon> _polygons = [];
    private int _left;
    private int? _feature;
    private int _polygon;
    private bool _isPlain = true;

    private GeoJsonRings(int maxPoints) => (_maxPoints, _left) = (maxPoints, maxPoints);

    /// <summary>Rings of points of each polygon, checked for range, rounded to 1e-7 degrees, and nothing else.</summary>
    /// <param name="geoJson">The text.</param>
    /// <param name="maxPoints">Of all rings together.</param>
    /// <param name="isPlain">It is a Polygon or a MultiPolygon, or a Feature of one, as any reader of GeoJSON takes it.</param>
    public static List<GivenPolygon> Read(string geoJson, int maxPoints, out bool isPlain)
    {
        try
        {
            bool isMarked = geoJson.StartsWith('\uFEFF');
            using JsonDocument document = JsonDocument.Parse(geoJson.AsMemory(isMarked ? 1 : 0));
            var rings = new GeoJsonRings(maxPoints);
            rings.ReadRoot(document.RootElement);
            isPlain = rings._isPlain && !isMarked;
            return rings._polygons;
        }
        catch (JsonException e)
        {
            throw new ZoneGeometryException(ZoneGeometryFault.NotGeoJson, $"This is not JSON: {e.Message}");
        }
    }

    public static string Write(Geometry area)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type", area.GeometryType);
            writer.WriteStartArray("coordinates");
            for (int part = 0; part < area.NumGeometries; part++)
            {
                if (area is MultiPolygon)
                {
                    writer.WriteStartArray();
                }

                var polygon = (Polygon)area.GetGeometryN(part);
                WriteRing(writer, polygon.ExteriorRing.Coordinates, counterclockwise: true);
                foreach (LineString hole in polygon.InteriorRings)
                {
                    WriteRing(writer, hole.Coordinates, counterclockwise: false);
                }

                if (area is MultiPolygon)
                {
                    writer.WriteEndArray();
                }
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void ReadRoot(JsonElement root)
    {
        if (TypeOf(root) != "FeatureCollection")
        {
            ReadFeature(root);
            return;
        }

        CheckReferenceSystem(root);
        _isPlain = false;
        foreach ((int number, JsonElement feature) in Items(Member(root, "features"), "the features").Index())
        {
            (_feature, _polygon) = (number, 0);
            ReadFeature(feature);
        }
    }

    private void ReadFeature(JsonElement element)
    {
        if (TypeOf(element) != "Feature")
        {
            ReadGeometry(element, DeepestCollection);
            return;
        }

        CheckReferenceSystem(element);
        JsonElement geometry = Member(element, "geometry");
        if (geometry.ValueKind != JsonValueKind.Null)
        {
            ReadGeometry(geometry, DeepestCollection);
        }
        else if (_feature is null)
        {
            throw Malformed("The Feature has no geometry: draw one.");
        }
    }

    private void ReadGeometry(JsonElement geometry, int deepest)
    {
        string type = TypeOf(geometry);
        CheckReferenceSystem(geometry);
        switch (type)
        {
            case "Polygon":
                ReadPolygon(Member(geometry, "coordinates"));
                break;
            case "MultiPolygon":
                foreach (JsonElement polygon in Items(Member(geometry, "coordinates"), "the coordinates of a MultiPolygon"))
                {
                    ReadPolygon(polygon);
                }

                break;
            case "GeometryCollection" when deepest > 0:
                _isPlain = false;
                foreach (JsonElement part in Items(Member(geometry, "geometries"), "the geometries"))
                {
                    ReadGeometry(part, deepest - 1);
                }

                break;
            default:
                throw new ZoneGeometryException(
                    ZoneGeometryFault.NotPolygon, $"A zone is a Polygon or a MultiPolygon, or some of them, not a {type}: take it out.", feature: _feature);
        }
    }

    /// <summary>Before RFC 7946, GeoJSON could name a reference system; tools still write the one that is meant without it.</summary>
    private void CheckReferenceSystem(JsonElement element)
    {
        if (element.TryGetProperty("crs", out JsonElement crs) && crs.ValueKind != JsonValueKind.Null)
        {
            string name = crs.ValueKind == JsonValueKind.Object
                && crs.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object
                && properties.TryGetProperty("name", out JsonElement told) && told.ValueKind == JsonValueKind.String
                    ? told.GetString()!
                    : crs.ToString();
            if (!KnownReferenceSystems.Any(known => name.EndsWith(known, StringComparison.OrdinalIgnoreCase)))
            {
                throw new ZoneGeometryException(
                    ZoneGeometryFault.OtherReferenceSystem,
                    $"The coordinates are told in {name[..Math.Min(name.Length, 100)]} (crs); export them as longitude and latitude, WGS 84 (EPSG:4326).", feature: _feature);
            }
        }
    }

    private string TypeOf(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()!
            : throw Malformed("GeoJSON is an object with a type.");

    private void ReadPolygon(JsonElement polygon)
    {
        var rings = new List<Coordinate[]>();
        foreach (JsonElement ring in Items(polygon, $"polygon {_polygon}"))
        {
            var points = new List<Coordinate>();
            foreach (JsonElement position in Items(ring, $"ring {rings.Count} of polygon {_polygon}"))
            {
                if (_left-- == 0)
                {
                    throw new ZoneGeometryException(
                        ZoneGeometryFault.TooManyPoints, $"A zone may have {_maxPoints} points; this one has more.",
                        _polygon, rings.Count, points.Count, feature: _feature);
                }

                points.Add(ReadPoint(position, rings.Count, points.Count));
            }

            rings.Add([.. points]);
        }

        _polygons.Add(new GivenPolygon(rings, _feature, _polygon++));
    }

    private Coordinate ReadPoint(JsonElement position, int ring, int point)
    {
        // Third and fourth numbers are altitude and measure: of no use here.
        if (position.ValueKind != JsonValueKind.Array || position.GetArrayLength() < 2
            || position[0].ValueKind != JsonValueKind.Number || position[1].ValueKind != JsonValueKind.Number)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.NotGeoJson, "A position is [longitude, latitude].", _polygon, ring, point, feature: _feature);
        }

        double longitude = Rounding.ToE7(position[0].GetDouble()), latitude = Rounding.ToE7(position[1].GetDouble());
        if (!(Math.Abs(latitude) <= 90) || !(Math.Abs(longitude) <= 360))
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.CoordinateOutOfRange,
                "Latitudes run from -90 to 90, longitudes from -180 to 180 (up to 360 to cross the antimeridian);"
                + " longitude comes first.",
                _polygon, ring, point, new GeoPoint(latitude, longitude), _feature);
        }

        return new Coordinate(longitude, latitude);
    }

    private JsonElement Member(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement member) ? member : throw Malformed($"The {TypeOf(element)} has no {name}.");

    private JsonElement.ArrayEnumerator Items(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw Malformed($"Expected an array: {what}.");

    private ZoneGeometryException Malformed(string problem) => new(ZoneGeometryFault.NotGeoJson, problem, feature: _feature);

    private static void WriteRing(Utf8JsonWriter writer, Coordinate[] ring, bool counterclockwise)
    {
        writer.WriteStartArray();
        foreach (Coordinate point in Orientation.IsCCW(ring) == counterclockwise ? ring : ring.Reverse())
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(Rounding.ToE7(point.X));
            writer.WriteNumberValue(Rounding.ToE7(point.Y));
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }
}
