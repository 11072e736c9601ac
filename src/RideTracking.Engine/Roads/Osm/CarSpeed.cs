using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// How fast cars drive where nothing is in the way, on average over a stretch: less than the limit. Sources: the limits
/// of <see cref="SpeedLimit"/>, factors and surfaces in the manner of OSRM's profiles/car.lua
/// (speed_reduction 0.8, surface_speeds). A first guess, which speeds learnt from fixes replace.
/// </summary>
internal static class CarSpeed
{
    /// <summary>What a road's surface allows, in km/h; 0 where no car passes.</summary>
    public static double OfSurface(OsmTags tags)
    {
        double surface = tags["surface"] switch
        {
            "cement" or "compacted" or "fine_gravel" => 80,
            "paving_stones" or "metal" or "bricks" => 60,
            "sett" or "grass_paver" or "gravel" or "unpaved" or "ground" or "dirt" or "pebblestone" or "wood" or "grass" or "tartan" => 40,
            "cobblestone" or "cobblestone:flattened" or "unhewn_cobblestone" or "clay" => 30,
            "earth" or "stone" or "rocky" or "sand" => 20,
            "mud" => 10,
            _ => 200,
        };
        double track = tags["tracktype"] switch { "grade1" => 60, "grade2" => 40, "grade3" => 30, "grade4" => 20, "grade5" => 10, _ => 200 };
        double smoothness = tags["smoothness"] switch
        {
            "intermediate" => 80,
            "bad" => 40,
            "very_bad" => 20,
            "horrible" => 10,
            "very_horrible" or "impassable" => 0,
            _ => 200,
        };
        return Math.Min(surface, Math.Min(track, smoothness));
    }

    /// <summary>Free-flow speed in km/h, from 5 up.</summary>
    public static byte Of(in WayTraits way, bool isForward, bool isUrban)
    {
        double limit = isForward ? way.ForwardLimitKmh : way.BackwardLimitKmh;
        bool isLink = (way.Flags & RoadFlags.Link) != 0;
        (double urban, double rural, double share) = (way.Class, isLink) switch
        {
            (RoadClass.Motorway, false) => (90, 105, 0.95),
            (RoadClass.Motorway, true) => (45, 55, 0.75),
            (RoadClass.Trunk, false) => (65, 85, 0.9),
            (RoadClass.Trunk, true) => (40, 50, 0.75),
            (RoadClass.Primary, false) => (42, 68, 0.8),
            (RoadClass.Primary, true) => (34, 45, 0.7),
            (RoadClass.Secondary, false) => (38, 60, 0.75),
            (RoadClass.Secondary, true) => (32, 40, 0.7),
            (RoadClass.Tertiary, _) => (34, 50, 0.7),
            (RoadClass.Unclassified, _) => (28, 38, 0.65),
            (RoadClass.Residential, _) => (24, 28, 0.6),
            (RoadClass.LivingStreet, _) => (10, 10, 0.5),
            (RoadClass.Service, _) => (12, 15, 0.4),
            _ => (10, 15, 0.4),
        };
        double usual = isUrban ? urban : rural;
        double speed = limit > 0 ? Math.Min(0.9 * limit, Math.Max(share * limit, usual)) : usual;
        if ((way.Flags & RoadFlags.Roundabout) != 0)
        {
            speed = Math.Min(speed, 30);
        }

        return (byte)Math.Clamp(Math.Round(Math.Min(speed, way.SurfaceKmh)), 5, 130);
    }
}
