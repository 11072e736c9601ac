using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// Which ways a car may drive. docs/roads.md has it as a table. Who changes a rule raises the version of
/// <see cref="RoadGraphFile"/>.
/// </summary>
internal sealed class CarProfile
{
    // Where no duration is told.
    private const double FerryKmh = 15;
    private const double ShuttleTrainKmh = 50;

    private readonly string[] _onewayKeys;

    public CarProfile(RoadUser user)
    {
        User = user;
        Access = new CarAccessTags(user);
        _onewayKeys = [.. Access.Modes.Select(mode => $"oneway:{mode}"), "oneway"];
    }

    public RoadUser User { get; }

    public CarAccessTags Access { get; }

    /// <summary>Whether a way, or a relation, is carried out by a ferry or a train, whatever road it is part of.</summary>
    public static bool IsFerry(OsmTags tags) => tags["route"] is "ferry" or "shuttle_train";

    /// <summary>Whether a car drives on a way, and how.</summary>
    public bool TryRead(OsmTags tags, out WayTraits traits)
    {
        traits = default;
        bool isFerry = IsFerry(tags);
        if ((isFerry ? (RoadClass.Ferry, false) : ClassOf(tags)) is not (RoadClass kind, bool isLink))
        {
            return false;
        }

        CarAccess access = Access.Of(tags);
        if (tags.Is("area", "yes") || tags.Is("impassable", "yes") || tags.Is("status", "abandoned")
            || (isFerry && !TakesCars(tags)))
        {
            return false;
        }

        double surface = CarSpeed.OfSurface(tags);
        (bool isForward, bool isBackward) = Directions(tags, isClosed: access == CarAccess.No);
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
            FerryDuration = isFerry ? FerryDuration.Parse(tags["duration"]) : default,
            FerryKmh = tags.Is("route", "shuttle_train") ? ShuttleTrainKmh : FerryKmh,
            Name = tags["name"] ?? tags["ref"] ?? "",
        };
        return true;
    }

    private (RoadClass Kind, bool IsLink)? ClassOf(OsmTags tags) => tags["highway"] switch
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
        "service" when tags["service"] is "bus" or "busway" && Access.IsForTaxis(tags) => (RoadClass.Service, false),
        "busway" when Access.IsForTaxis(tags) => (RoadClass.Unclassified, false),
        "track" => (RoadClass.Track, false),
        // Where cars are let into a pedestrian street, they crawl.
        "pedestrian" when Access.IsForCars(tags) => (RoadClass.LivingStreet, false),
        _ => null,
    };

    // Ferries are for people, unless something says otherwise: the access, or the class of the road that goes on there.
    private bool TakesCars(OsmTags tags) =>
        tags.Is("route", "shuttle_train") || Access.IsForCars(tags) || ClassOf(tags) is not null
        || tags["ferry"] is "motorway" or "trunk" or "primary" or "secondary" or "tertiary" or "unclassified" or "residential" or "service";

    // Where nobody drives through, though no sign forbids it.
    private static bool IsOwnTraffic(OsmTags tags, RoadClass kind) =>
        (kind == RoadClass.Service && tags["service"] is "driveway" or "parking_aisle" or "drive-through")
        || (kind == RoadClass.Track && !IsGoodTrack(tags))
        || tags.Is("highway", "pedestrian");

    private static bool IsGoodTrack(OsmTags tags) =>
        tags.Is("tracktype", "grade1") || tags["surface"] is "asphalt" or "paved" or "concrete" or "paving_stones";

    private (bool Forward, bool Backward) Directions(OsmTags tags, bool isClosed)
    {
        string? key = Array.Find(_onewayKeys, key => tags[key] is not null);
        (bool forward, bool backward) = (key is null ? null : tags[key]) switch
        {
            "yes" or "1" or "true" => (true, false),
            "-1" or "reverse" => (false, true),
            // Open by turns of hours that no file tells.
            "reversible" => (false, false),
            "no" or "0" or "false" => (true, true),
            _ => (true, !(tags.Is("highway", "motorway") || tags["junction"] is "roundabout" or "circular")),
        };
        return (IsOpen(forward, isForward: true), IsOpen(backward, isForward: false));

        // A lane for taxis goes where others may not, be it against the stream.
        bool IsOpen(bool isWay, bool isForward) =>
            (isWay && !isClosed && Access.Of(tags, isForward) != CarAccess.No) || Access.IsForTaxis(tags, isForward);
    }
}
