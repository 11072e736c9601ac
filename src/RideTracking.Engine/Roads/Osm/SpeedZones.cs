namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// Limits told by the name of a country's zone, such as PT:urban. Source: the countries' limits for cars as of
/// https://wiki.openstreetmap.org/wiki/Default_speed_limits (2024), dry roads, daytime. Where a country, or what one of its parts
/// does otherwise, is not listed, the limits most usual in the world stand in.
/// </summary>
internal static class SpeedZones
{
    private const double Mph = 1.609344;

    private static readonly Country _usual = new();

    private static readonly Dictionary<string, Country> _countries = new()
    {
        ["al"] = new() { Urban = 40, Rural = 80, Trunk = 90, Motorway = 110 },
        ["ar"] = new() { Urban = 40, Rural = 110, Trunk = 120, Motorway = 130 },
        ["at"] = new() { Rural = 100, Motorway = 130, LivingStreet = 7 },
        ["au"] = new() { Rural = 100, Motorway = 110 },
        ["be"] = new() { Trunk = 120 },
        ["be-bru"] = new() { Urban = 30, Rural = 70 },
        ["be-vlg"] = new() { Rural = 70, Trunk = 120 },
        ["bg"] = new() { Trunk = 120, Motorway = 140 },
        ["by"] = new() { Urban = 60, Trunk = 90, Motorway = 110 },
        ["ca"] = new() { Rural = 80, Motorway = 100 },
        ["ch"] = new() { Rural = 80 },
        ["cy"] = new() { Rural = 80, Trunk = 80, Motorway = 100 },
        ["cz"] = new() { Trunk = 110, Motorway = 130 },
        ["de"] = new() { Rural = 100, Motorway = 130, LivingStreet = 7 },
        ["dk"] = new() { Rural = 80, Trunk = 80, Motorway = 130, LivingStreet = 15 },
        ["ee"] = new() { Trunk = 90, Motorway = 110 },
        ["es"] = new() { Trunk = 90 },
        ["fi"] = new() { Rural = 80 },
        ["fr"] = new() { Rural = 80, Trunk = 110, Motorway = 130 },
        ["gb"] = new() { IsMph = true, Urban = 30 * Mph, Rural = 60 * Mph, Trunk = 70 * Mph, Motorway = 70 * Mph },
        ["gb-wls"] = new() { IsMph = true, Urban = 20 * Mph, Rural = 60 * Mph, Trunk = 70 * Mph, Motorway = 70 * Mph },
        ["gr"] = new() { Trunk = 110, Motorway = 130 },
        ["hr"] = new() { Trunk = 110, Motorway = 130, LivingStreet = 10 },
        ["hu"] = new() { Trunk = 110, Motorway = 130 },
        ["ie"] = new() { Rural = 80 },
        ["il"] = new() { Rural = 80, Trunk = 90, Motorway = 110 },
        ["it"] = new() { Trunk = 110, Motorway = 130 },
        ["jp"] = new() { Urban = 60, Rural = 60, Motorway = 100 },
        ["lt"] = new() { Trunk = 120, Motorway = 130 },
        ["lu"] = new() { Trunk = 90, Motorway = 130 },
        ["nl"] = new() { Rural = 80, Motorway = 100, LivingStreet = 15 },
        ["no"] = new() { Rural = 80, Trunk = 80, Motorway = 110 },
        ["nz"] = new() { Rural = 100, Motorway = 100 },
        ["ph"] = new() { Urban = 40, Rural = 80, Trunk = 80, Motorway = 100 },
        ["pl"] = new() { Expressway = 120, Motorway = 140 },
        ["ro"] = new() { Motorway = 130 },
        ["rs"] = new() { Rural = 80, Motorway = 130, LivingStreet = 10 },
        ["ru"] = new() { Urban = 60, Trunk = 90, Motorway = 110 },
        ["se"] = new() { Rural = 70, Trunk = 90, Motorway = 110, LivingStreet = 7 },
        ["si"] = new() { Trunk = 110, Motorway = 130, LivingStreet = 10 },
        ["sk"] = new() { Trunk = 90, Motorway = 130 },
        ["ua"] = new() { Trunk = 110, Motorway = 130 },
        ["us"] = new() { IsMph = true, Urban = 30 * Mph, Rural = 55 * Mph, Trunk = 55 * Mph, Motorway = 65 * Mph },
        ["za"] = new() { Urban = 60, Rural = 100 },
    };

    /// <summary>km/h in a zone; 0 for what is no zone.</summary>
    /// <param name="code">In lower case: "pt:urban", "be-vlg:rural", "de:zone:30", "fr:zone30", or "urban" alone.</param>
    public static double LimitOf(string code)
    {
        int colon = code.IndexOf(':', StringComparison.Ordinal);
        string place = colon < 0 ? "" : code[..colon];
        if (place.Length > 0 && !IsPlace(place))
        {
            return 0;
        }

        Country country = Of(place);
        string zone = code[(colon + 1)..];
        string name = zone.TrimEnd("0123456789".ToCharArray());
        return name.Length == zone.Length ? OfZone(country, zone)
            : name is "" or "zone" or "zone:" ? SpeedLimit.OfNumber(zone.AsSpan(name.Length), country.IsMph)
            : 0;
    }

    private static double OfZone(Country country, string zone) => zone switch
    {
        "urban" or "nsl_restricted" => country.Urban,
        "rural" or "nsl_single" or "national" or "nsl" => country.Rural,
        "trunk" or "nsl_dual" or "motorroad" => country.Trunk,
        "expressway" or "express" => country.Expressway ?? country.Trunk,
        "motorway" => country.Motorway,
        "urban_motorway" or "urban_trunk" => 80,
        "living_street" or "zone_rencontre" => country.LivingStreet,
        "school" or "school_zone" or "zone_school" or "bicycle_road" or "bicycle_street" or "cyclestreet" => 30,
        "walk" or "pedestrian" or "pedestrian_zone" => 7,
        // What a country tells apart within a zone: AR:urban:primary.
        _ => zone.LastIndexOf(':') is > 0 and var colon ? OfZone(country, zone[..colon]) : 0,
    };

    // A part of a country that has limits of its own, else the country; by the codes of ISO 3166 and two in use beside them.
    private static Country Of(string place)
    {
        string code = place switch
        {
            ['u', 'k', ..] => $"gb{place[2..]}",
            ['e', 'l', ..] => $"gr{place[2..]}",
            _ => place,
        };
        return _countries.GetValueOrDefault(code)
            ?? (code.Length > 2 ? _countries.GetValueOrDefault(code[..2]) : null)
            ?? _usual;
    }

    // "sign", "markings" and the like stand in the same tags.
    private static bool IsPlace(string place) =>
        place.Length >= 2 && char.IsAsciiLetter(place[0]) && char.IsAsciiLetter(place[1]) && (place.Length == 2 || place[2] == '-');

    /// <summary>A country's limits for cars in km/h, where they are not the usual ones.</summary>
    private sealed record Country
    {
        /// <summary>Whether numbers in zones' names are miles per hour.</summary>
        public bool IsMph { get; init; }

        public double Urban { get; init; } = 50;

        public double Rural { get; init; } = 90;

        /// <summary>Roads for motor traffic alone and dual carriageways, outside towns.</summary>
        public double Trunk { get; init; } = 100;

        /// <summary>Where it is told apart from <see cref="Trunk"/>.</summary>
        public double? Expressway { get; init; }

        public double Motorway { get; init; } = 120;

        public double LivingStreet { get; init; } = 20;
    }
}
