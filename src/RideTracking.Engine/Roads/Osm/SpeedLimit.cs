using System.Globalization;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// Speed limits as people write them down (https://wiki.openstreetmap.org/wiki/Key:maxspeed), in km/h, in any letter case.
/// Of several limits for one piece of road the least counts, since it holds somewhere there; of several lanes the greatest,
/// since a car is free to take that lane.
/// </summary>
internal static class SpeedLimit
{
    /// <summary>The recommended speed of German motorways, the ones that have no limit.</summary>
    private const double UnlimitedKmh = 130;

    private const double KmhPerMph = 1.609344;
    private const double KmhPerKnot = 1.852;
    private const double WalkKmh = 7;

    // The most particular first; a sign comes before the zone that it stands in.
    private static readonly string[] _forward = KeysOf("forward");
    private static readonly string[] _backward = KeysOf("backward");

    /// <summary>The limit of a way in one direction; 0 when its tags tell none.</summary>
    public static double Of(OsmTags way, bool isForward)
    {
        foreach (string key in isForward ? _forward : _backward)
        {
            if (way[key] is not { } value || Parse(value) is not (> 0 and var limit))
            {
                continue;
            }

            if (double.IsFinite(limit))
            {
                return limit;
            }

            if (IsFast(way))
            {
                return UnlimitedKmh;
            }
        }

        return 0;
    }

    /// <summary>
    /// "50", "50 km/h", "30MPH", "20 knots", "walk", "PT:urban", "BE-VLG:rural", "DE:zone:30", "50;30", "40-60", "80|60";
    /// infinite for "none"; 0 for what tells no speed ("signals", "variable") or cannot be read.
    /// </summary>
    public static double Parse(string value)
    {
        double greatest = 0;
        foreach (string lane in value.Split('|'))
        {
            double least = 0;
            foreach (string each in lane.Split(';', StringSplitOptions.TrimEntries))
            {
                double limit = OfOne(each.ToLowerInvariant());
                least = least == 0 || (limit > 0 && limit < least) ? limit : least;
            }

            greatest = Math.Max(greatest, least);
        }

        return greatest;
    }

    /// <summary>A number that stands in a zone's name, which is in the country's own unit.</summary>
    internal static double OfNumber(ReadOnlySpan<char> digits, bool isMph) =>
        double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
        && number * (isMph ? KmhPerMph : 1) is >= 1 and <= 200 and var kmh
            ? kmh
            : 0;

    private static double OfOne(string text) => text switch
    {
        "none" or "unlimited" => double.PositiveInfinity,
        "walk" => WalkKmh,
        [>= '0' and <= '9', ..] => OfNumbers(text),
        _ => SpeedZones.LimitOf(text),
    };

    // A number, or a range of them, and a unit that is km/h where none is written.
    private static double OfNumbers(string text)
    {
        int unitAt = text.Length;
        while (!char.IsAsciiDigit(text[unitAt - 1]))
        {
            unitAt--;
        }

        double factor = text[unitAt..].Trim() switch
        {
            "" or "km/h" or "kmh" or "kph" or "kmph" => 1,
            "mph" or "mp/h" or "mi/h" => KmhPerMph,
            "knots" or "knot" or "kn" or "kt" or "kts" => KmhPerKnot,
            _ => 0,
        };
        double least = double.PositiveInfinity;
        foreach (string part in text[..unitAt].Split('-', StringSplitOptions.TrimEntries))
        {
            if (!double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            {
                return 0;
            }

            least = Math.Min(least, number);
        }

        return least * factor is >= 1 and <= 200 and var kmh ? kmh : 0;
    }

    // Elsewhere "none" means that no sign stands there.
    private static bool IsFast(OsmTags way) => way["highway"] is "motorway" or "trunk" || way.Is("motorroad", "yes");

    private static string[] KeysOf(string direction) =>
    [
        $"maxspeed:motorcar:{direction}", $"maxspeed:motor_vehicle:{direction}", $"maxspeed:{direction}", $"maxspeed:lanes:{direction}",
        "maxspeed:motorcar", "maxspeed:motor_vehicle", "maxspeed", "maxspeed:lanes",
        "maxspeed:type", "zone:maxspeed", "source:maxspeed", "zone:traffic",
    ];
}
