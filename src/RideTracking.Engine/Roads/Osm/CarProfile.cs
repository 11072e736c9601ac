using System.Globalization;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// Which ways a car may drive. docs/roads.md has it as a table. Who changes a rule raises the version of
/// <see cref="RoadGraphFile"/>.
/// </summary>
internal static class CarProfile
{
    /// <summary>Whether a car drives on a way, and how.</summary>
    public static bool TryRead(OsmTags tags, out WayTraits traits)
    {
        traits = default;
        bool isFerry = tags.Is("route", "ferry") && tags["highway"] is null;
        if ((isFerry ? (RoadClass.Ferry, false) : ClassOf(tags)) is not (RoadClass kind, bool isLink))
        {
            return false;
        }

        CarAccess access = CarAccessTags.Of(tags);
        if (access == CarAccess.No || tags.Is("area", "yes") || tags.Is("impassable", "yes") || tags.Is("status", "abandoned")
            || (isFerry && !CarAccessTags.IsForCars(tags)))
        {
            return false;
        }

        double surface = CarSpeed.OfSurface(tags);
        (bool isForward, bool isBackward) = Directions(tags);
        if (surface <= 0 || !(isForward || isBackward) || !CarSize.Fits(tags))
        {
            return false;
        }

        bool isOwnTraffic = access == CarAccess.Destination || (access == CarAccess.Unknown && IsOwnTraffic(tags, kind));
        traits = new WayTraits
        {
            Class = kind,
            Flags = (isLink ? RoadFlags.Link : 0)
                | (tags["junction"] is "roundabout" or "circular" ? RoadFlags.Roundabout : 0)
                // Under a building there is mostly sky to the sides.
                | (tags.Has("tunnel") && !tags.Is("tunnel", "building_passage") ? RoadFlags.Tunnel : 0)
                | (tags.Has("bridge") ? RoadFlags.Bridge : 0)
                | (isOwnTraffic ? RoadFlags.DestinationOnly : 0)
                | (tags.Has("toll") ? RoadFlags.Toll : 0),
            IsForward = isForward,
            IsBackward = isBackward,
            ForwardLimitKmh = SpeedLimit.Of(tags, isForward: true),
            BackwardLimitKmh = SpeedLimit.Of(tags, isForward: false),
            SurfaceKmh = surface,
            FerryDuration = isFerry ? DurationOf(tags["duration"]) : default,
            Name = tags["name"] ?? tags["ref"] ?? "",
        };
        return true;
    }

    private static (RoadClass Kind, bool IsLink)? ClassOf(OsmTags tags) => tags["highway"] switch
    {
        "motorway" => (RoadClass.Motorway, false),
        "motorway_link" => (RoadClass.Motorway, true),
        "trunk" => (RoadClass.Trunk, false),
        "trunk_link" => (RoadClass.Trunk, true),
        "primary" => (RoadClass.Primary, false),
        "primary_link" => (RoadClass.Primary, true),
        "secondary" => (RoadClass.Secondary, false),
        "secondary_link" => (RoadClass.Secondary, true),
        "tertiary" => (RoadClass.Tertiary, false),
        "tertiary_link" => (RoadClass.Tertiary, true),
        "unclassified" or "road" => (RoadClass.Unclassified, false),
        "residential" => (RoadClass.Residential, false),
        "residential_link" => (RoadClass.Residential, true),
        "living_street" => (RoadClass.LivingStreet, false),
        "service" when tags["service"] is not ("emergency_access" or "bus" or "busway") => (RoadClass.Service, false),
        "track" => (RoadClass.Track, false),
        // Where cars are let into a pedestrian street, they crawl.
        "pedestrian" when CarAccessTags.IsForCars(tags) => (RoadClass.LivingStreet, false),
        _ => null,
    };

    // Where nobody drives through, though no sign forbids it.
    private static bool IsOwnTraffic(OsmTags tags, RoadClass kind) =>
        (kind == RoadClass.Service && tags["service"] is "driveway" or "parking_aisle" or "drive-through")
        || (kind == RoadClass.Track && !IsGoodTrack(tags))
        || tags.Is("highway", "pedestrian");

    private static bool IsGoodTrack(OsmTags tags) =>
        tags.Is("tracktype", "grade1") || tags["surface"] is "asphalt" or "paved" or "concrete" or "paving_stones";

    private static (bool Forward, bool Backward) Directions(OsmTags tags)
    {
        string? oneway = tags["oneway:motorcar"] ?? tags["oneway:motor_vehicle"] ?? tags["oneway:vehicle"] ?? tags["oneway"];
        (bool forward, bool backward) = oneway switch
        {
            "yes" or "1" or "true" => (true, false),
            "-1" or "reverse" => (false, true),
            // Open by turns of hours that no file tells.
            "reversible" => (false, false),
            "no" or "0" or "false" => (true, true),
            _ => (true, !(tags.Is("highway", "motorway") || tags["junction"] is "roundabout" or "circular")),
        };
        return (
            forward && CarAccessTags.Of(tags, ":forward") != CarAccess.No,
            backward && CarAccessTags.Of(tags, ":backward") != CarAccess.No);
    }

    // hh:mm, hh:mm:ss, minutes alone, or ISO 8601 (PT20M).
    internal static TimeSpan DurationOf(string? duration)
    {
        if (string.IsNullOrEmpty(duration))
        {
            return default;
        }

        if (duration[0] == 'P')
        {
            try
            {
                return Plausible(System.Xml.XmlConvert.ToTimeSpan(duration));
            }
            catch (Exception e) when (e is FormatException or OverflowException)
            {
                return default;
            }
        }

        string[] parts = duration.Split(':');
        double minutes = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts.Length > 3 || !double.TryParse(parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double part))
            {
                return default;
            }

            minutes += part * (parts.Length, i) switch { (1, _) => 1, (_, 0) => 60, (_, 1) => 1, _ => 1 / 60.0 };
        }

        return minutes <= 2 * 24 * 60 ? Plausible(TimeSpan.FromMinutes(minutes)) : default;
    }

    private static TimeSpan Plausible(TimeSpan time) => time > TimeSpan.Zero && time <= TimeSpan.FromDays(2) ? time : default;
}
