using System.ComponentModel.DataAnnotations;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Server.Roads;

/// <summary>Which roads are driven.</summary>
public sealed class RoadOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Roads";

    /// <summary>What <see cref="File"/> is for a made-up city of streets.</summary>
    public const string Demo = "demo";

    /// <summary>
    /// An OpenStreetMap extract (<c>.osm.pbf</c>) of the region, or <c>demo</c> for a made-up city. Empty: routes are straight lines.
    /// </summary>
    public string File { get; set; } = "";

    /// <summary>
    /// A polygon around the region that is served, as GeoJSON: of <see cref="File"/> only roads with a point in it are read, so that a city out of a
    /// country's extract takes the memory of the city. Empty: the whole file.
    /// </summary>
    public string CutTo { get; set; } = "";

    /// <summary>
    /// Whether the fleet's cars are licensed as taxis: bus lanes, streets, gates and turns that are open to taxis, or to public service
    /// vehicles, are open to them.
    /// </summary>
    public bool LicensedAsTaxis { get; set; }

    /// <summary>As what the fleet drives.</summary>
    internal RoadUser User => LicensedAsTaxis ? RoadUser.Taxi : RoadUser.Car;

    /// <summary>
    /// Whether who gets in or out on a trunk, primary or secondary road of both directions does so on the side of the road where the place is, and
    /// nobody crosses it. The car drives farther for it.
    /// </summary>
    public bool StopAtKerbSide { get; set; }

    /// <summary>The city's clocks, by which speeds are told apart by hour and roads are open at their hours: an IANA name such as <c>Europe/Lisbon</c>. Empty: the machine's.</summary>
    public string TimeZone { get; set; } = "";

    /// <summary>How often learned speeds become those that routes are found by, beside at each full hour: 1 min to 1 d.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00", ErrorMessage = "Roads:RelearnInterval must be 1 minute to 1 day.")]
    public TimeSpan RelearnInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The zone that <see cref="TimeZone"/> names.</summary>
    /// <exception cref="TimeZoneNotFoundException">There is none of that name.</exception>
    internal TimeZoneInfo Zone => TimeZone.Length == 0 ? TimeZoneInfo.Local : TimeZoneInfo.FindSystemTimeZoneById(TimeZone);

    /// <summary>Centre of the made-up city, degrees, -80 to 80.</summary>
    [Range(-80, 80, ErrorMessage = "Roads:DemoLatitude must be -80 to 80 degrees.")]
    public double DemoLatitude { get; set; } = 41.1496;

    /// <summary>Centre of the made-up city, degrees, -179 to 179.</summary>
    [Range(-179, 179, ErrorMessage = "Roads:DemoLongitude must be -179 to 179 degrees.")]
    public double DemoLongitude { get; set; } = -8.611;

    /// <summary>Width and height of the made-up city in metres, 1,000 to 20,000.</summary>
    [Range(1_000, 20_000, ErrorMessage = "Roads:DemoSizeMeters must be 1000 to 20000.")]
    public double DemoSizeMeters { get; set; } = 6_600;
}
