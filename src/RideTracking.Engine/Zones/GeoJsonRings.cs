using System.Buffers;
using System.Text;
using System.Text.Json;
using NetTopologySuite.Algorithm;
using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// The rings of GeoJSON (RFC 7946), as they were written. A reader of our own, because a general one refuses an open or
/// short ring without saying which.
/// </summary>
internal static class GeoJsonRings
{
    /// <summary>Rings of points of each polygon, longitude as x and latitude as y, checked for range and nothing else.</summary>
    public static List<List<Coordinate[]>> Read(string geoJson, int maxPoints)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(geoJson);
            JsonElement geometry = GeometryOf(document.RootElement);
            string type = TypeOf(geometry);
            if (type is not ("Polygon" or "MultiPolygon"))
            {
                throw new ZoneGeometryException(
                    ZoneGeometryFault.NotPolygon, $"A zone is a Polygon or a MultiPolygon, not a {type}.");
            }

            if (!geometry.TryGetProperty("coordinates", out JsonElement coordinates))
            {
                throw Malformed($"The {type} has no coordinates.");
            }

            int left = maxPoints;
            var polygons = new List<List<Coordinate[]>>();
            IEnumerable<JsonElement> items = type == "Polygon" ? [coordinates] : Items(coordinates, "coordinates");
            foreach (JsonElement polygon in items)
            {
                polygons.Add(ReadPolygon(polygon, polygons.Count, ref left, maxPoints));
            }

            return polygons;
        }
        catch (JsonException e)
        {
            throw Malformed($"This is not JSON: {e.Message}");
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

    private static JsonElement GeometryOf(JsonElement root)
    {
        if (TypeOf(root) != "Feature")
        {
            return root;
        }

        return root.TryGetProperty("geometry", out JsonElement geometry) && geometry.ValueKind == JsonValueKind.Object
            ? geometry
            : throw Malformed("The Feature has no geometry.");
    }

    private static string TypeOf(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()!
            : throw Malformed("GeoJSON is an object with a type.");

    private static List<Coordinate[]> ReadPolygon(JsonElement polygon, int polygonIndex, ref int left, int maxPoints)
    {
        var rings = new List<Coordinate[]>();
        foreach (JsonElement ring in Items(polygon, $"polygon {polygonIndex}"))
        {
            var points = new List<Coordinate>();
            foreach (JsonElement position in Items(ring, $"ring {rings.Count} of polygon {polygonIndex}"))
            {
                if (left-- == 0)
                {
                    throw new ZoneGeometryException(
                        ZoneGeometryFault.TooManyPoints, $"A zone may have {maxPoints} points; this one has more.",
                        polygonIndex, rings.Count, points.Count);
                }

                points.Add(ReadPoint(position, polygonIndex, rings.Count, points.Count));
            }

            rings.Add([.. points]);
        }

        return rings;
    }

    private static Coordinate ReadPoint(JsonElement position, int polygon, int ring, int point)
    {
        // A third number is the altitude: allowed, and of no use here.
        if (position.ValueKind != JsonValueKind.Array || position.GetArrayLength() is < 2 or > 3
            || position[0].ValueKind != JsonValueKind.Number || position[1].ValueKind != JsonValueKind.Number)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.NotGeoJson, "A position is [longitude, latitude].", polygon, ring, point);
        }

        double longitude = position[0].GetDouble(), latitude = position[1].GetDouble();
        if (!(Math.Abs(latitude) <= 90) || !(Math.Abs(longitude) <= 360))
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.CoordinateOutOfRange,
                "Latitudes run from -90 to 90, longitudes from -180 to 180 (up to 360 to cross the antimeridian);"
                + " longitude comes first.",
                polygon, ring, point, new GeoPoint(latitude, longitude));
        }

        return new Coordinate(longitude, latitude);
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw Malformed($"Expected an array: {what}.");

    private static ZoneGeometryException Malformed(string problem) => new(ZoneGeometryFault.NotGeoJson, problem);

    private static void WriteRing(Utf8JsonWriter writer, Coordinate[] ring, bool counterclockwise)
    {
        writer.WriteStartArray();
        foreach (Coordinate point in Orientation.IsCCW(ring) == counterclockwise ? ring : ring.Reverse())
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(point.X);
            writer.WriteNumberValue(point.Y);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }
}
