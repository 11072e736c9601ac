using System.Text;

namespace RideTracking.Engine.Geo;

/// <summary>
/// Google's encoded polyline algorithm format with five decimal digits (about 1.1 m):
/// https://developers.google.com/maps/documentation/utilities/polylinealgorithm
/// </summary>
public static class EncodedPolyline
{
    /// <summary>Decimal digits of a degree that the encoding keeps.</summary>
    public const int Precision = 5;

    private const double UnitsPerDegree = 1e5;
    private const int MaxGroups = 6; // 30 bits hold 2 x 360 degrees with sign in units of 1e-5

    /// <summary>Encodes points in order. No points give the empty string.</summary>
    public static string Encode(ReadOnlySpan<GeoPoint> points)
    {
        var text = new StringBuilder(points.Length * 6);
        int latitude = 0, longitude = 0;
        foreach (GeoPoint point in points)
        {
            // Differences of rounded values, so that rounding errors do not add up along the line.
            int nextLatitude = Round(point.LatitudeDegrees), nextLongitude = Round(point.LongitudeDegrees);
            AppendDifference(text, nextLatitude - latitude);
            AppendDifference(text, nextLongitude - longitude);
            (latitude, longitude) = (nextLatitude, nextLongitude);
        }

        return text.ToString();
    }

    /// <summary>Decodes an encoded polyline.</summary>
    /// <exception cref="FormatException">The text is not an encoded polyline.</exception>
    public static GeoPoint[] Decode(string encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        var points = new List<GeoPoint>(encoded.Length / 4);
        int position = 0, latitude = 0, longitude = 0;
        while (position < encoded.Length)
        {
            latitude += ReadDifference(encoded, ref position);
            longitude += ReadDifference(encoded, ref position);
            var point = new GeoPoint(latitude / UnitsPerDegree, longitude / UnitsPerDegree);
            if (!point.IsValid)
            {
                throw new FormatException($"The encoded polyline leaves the earth before character {position}.");
            }

            points.Add(point);
        }

        return [.. points];
    }

    private static int Round(double degrees) =>
        (int)Math.Round(degrees * UnitsPerDegree, MidpointRounding.AwayFromZero);

    private static void AppendDifference(StringBuilder text, int difference)
    {
        uint bits = (uint)((difference << 1) ^ (difference >> 31));
        for (; bits >= 0x20; bits >>= 5)
        {
            text.Append((char)((bits & 0x1F | 0x20) + 63));
        }

        text.Append((char)(bits + 63));
    }

    private static int ReadDifference(string encoded, ref int position)
    {
        uint bits = 0;
        for (int group = 0; group < MaxGroups && position < encoded.Length; group++)
        {
            int value = encoded[position++] - 63;
            if (value is < 0 or > 0x3F)
            {
                throw new FormatException($"Character {position} is not one of an encoded polyline.");
            }

            bits |= (uint)(value & 0x1F) << (5 * group);
            if (value < 0x20)
            {
                return (int)(bits >> 1) ^ -(int)(bits & 1);
            }
        }

        throw new FormatException($"The encoded polyline ends within a number at character {position}.");
    }
}
