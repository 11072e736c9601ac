namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// The size of a car, against the limits of https://wiki.openstreetmap.org/wiki/Key:maxheight and its kind. Sizes are those
/// of OSRM's profiles/car.lua.
/// </summary>
internal static class CarSize
{
    private const double WidthMeters = 1.9;
    private const double HeightMeters = 2.0;
    private const double LengthMeters = 4.8;
    private const double WeightTonnes = 2.0;

    /// <summary>Whether a car is narrow, low, short and light enough for a way or a barrier.</summary>
    public static bool Fits(OsmTags tags) =>
        Fits(tags, "maxwidth", WidthMeters, Meters) && Fits(tags, "maxwidth:physical", WidthMeters, Meters)
        && Fits(tags, "maxheight", HeightMeters, Meters) && Fits(tags, "maxheight:physical", HeightMeters, Meters)
        && Fits(tags, "maxlength", LengthMeters, Meters)
        && Fits(tags, "maxweight", WeightTonnes, Tonnes);

    /// <summary>Whether a car is above or below a value, as "weight&gt;7.5" asks; null when that is not known of it.</summary>
    public static bool? Is(string property, bool isAbove, string value)
    {
        (double size, Func<string, double> unitOf) = property.ToLowerInvariant() switch
        {
            "width" => (WidthMeters, Meters),
            "height" => (HeightMeters, Meters),
            "length" => (LengthMeters, Meters),
            "weight" or "maxweight" or "maxweightrating" or "weightrating" => (WeightTonnes, (Func<string, double>)Tonnes),
            "axleload" => (WeightTonnes / 2, Tonnes),
            "axles" => (2, unit => unit.Length == 0 ? 1 : 0),
            _ => (0, Meters),
        };
        return size > 0 && Measure.Parse(value, unitOf) is { } limit ? (isAbove ? size > limit : size < limit) : null;
    }

    // What is no number ("default", "none", "unsigned") closes nothing.
    private static bool Fits(OsmTags tags, string key, double size, Func<string, double> unitOf) =>
        tags[key] is not { } value || Array.TrueForAll(value.Split(';'), each => !(Measure.Parse(each, unitOf) < size));

    private static double Meters(string unit) => unit switch
    {
        "" or "m" or "meter" or "meters" or "metre" or "metres" => 1,
        "cm" => 0.01,
        "'" or "′" or "’" or "ft" or "feet" or "foot" => 0.3048,
        "\"" or "″" or "”" or "''" or "in" or "inch" or "inches" => 0.0254,
        _ => 0,
    };

    private static double Tonnes(string unit) => unit switch
    {
        "" or "t" or "ton" or "tons" or "tonnes" => 1,
        "kg" => 0.001,
        "st" => 0.90718474,
        "lt" => 1.0160469088,
        "lb" or "lbs" => 0.00045359237,
        _ => 0,
    };
}
