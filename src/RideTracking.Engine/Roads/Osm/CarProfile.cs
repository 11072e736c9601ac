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
        Timed = new TimedAccess(Access);
        _onewayKeys = [.. Access.Modes.Select(mode => $"oneway:{mode}"), "oneway"];
    }

    public RoadUser User { get; }

    public CarAccessTags Access { get; }

    public TimedAccess Timed { get; }

    /// <summary>The conditions of tags that are not honoured, by kind.</summary>
    public SortedDictionary<string, int> LeftOut { get; } = new(StringComparer.Ordinal);

    /// <summary>A condition of this kind is not honoured.</summary>
    public void LeaveOut(string kind) => LeftOut[kind] = LeftOut.GetValueOrDefault(kind) + 1;

    /// <summary>Which directions are open by the value of a one-way tag; null when it is none.</summary>
    public static (bool Forward, bool Backward)? OnewayOf(string? value) => value switch
    {
        "yes" or "1" or "true" => (true, false),
        "-1" or "reverse" => (false, true),
        // Open by turns, at hours that a conditional tag may tell.
        "reversible" => (false, false),
        "no" or "0" or "false" => (true, true),
        _ => null,
    };

    /// <summary>Whether a way, or a relation, is carried out by a ferry or a train, whatever road it is part of.</summary>
    public static bool IsFerry(OsmTags tags) => tags["route"] is "ferry" or "shuttle_train";

    /// <summary>
    /// Whether a ferry takes cars. Ferries are for people, unless something says otherwise: the access, or the class of the road
    /// that goes on there.
    /// </summary>
    public bool TakesCars(OsmTags tags) =>
        tags.Is("route", "shuttle_train") || Access.IsForCars(tags) || ClassOf(tags) is not null
        || tags["ferry"] is "motorway" or "trunk" or "primary" or "secondary" or "tertiary" or "unclassified" or "residential" or "service";

    /// <summary>Whether a car drives on a way, and how.</summary>
    public bool TryRead(OsmTags tags, out WayTraits traits)
    {
        traits = default;
        bool isFerry = IsFerry(tags);
        if ((isFerry ? (RoadClass.Ferry, false) : ClassOf(tags)) is not (RoadClass kind, bool isLink))
        {
            return false;
        }

        var leftOut = new List<string>();
        bool isClosed = tags.Is("highway", "pedestrian") && !Access.IsForCars(tags);
        (CarAccess Access, string Hours) both = Timed.Of(tags, isClosed ? CarAccess.No : Access.Of(tags), leftOut.Add);
        if (tags.Is("area", "yes") || tags.Is("impassable", "yes") || tags.Is("status", "abandoned")
            || (isFerry && !TakesCars(tags)))
        {
            return false;
        }

        double surface = CarSpeed.OfSurface(tags);
        (bool isForward, bool isBackward) = Oneway(tags);
        ((bool, string) forwardWay, (bool, string) backwardWay) = Timed.DirectionsOf(tags, isForward, isBackward, leftOut.Add);
        (isForward, IReadOnlyList<string> forwardHours) = Direction(tags, isForward: true, forwardWay, both, leftOut);
        (isBackward, IReadOnlyList<string> backwardHours) = Direction(tags, isForward: false, backwardWay, both, leftOut);
        if (surface <= 0 || !CarSize.Fits(tags))
        {
            return false;
        }

        // Told of closed roads too: they might be open under a condition.
        leftOut.ForEach(LeaveOut);
        if (!(isForward || isBackward))
        {
            return false;
        }

        if (Timed.HasTimedLimit(tags))
        {
            LeaveOut("speed limit");
        }

        CarAccess access = both.Access;
        bool isOwnTraffic = access == CarAccess.Destination || (access == CarAccess.Unknown && IsOwnTraffic(tags, kind))
            || tags.Is("highway", "pedestrian");
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
            ForwardHours = forwardHours,
            BackwardHours = backwardHours,
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
        // By the rules of motorways: nobody stops there, and nothing slow is on it.
        "trunk" or "primary" when tags.Is("motorroad", "yes") => (RoadClass.Motorway, false),
        "trunk_link" or "primary_link" when tags.Is("motorroad", "yes") => (RoadClass.Motorway, true),
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
        "pedestrian" when Access.IsForCars(tags) || Timed.IsOpenAtHours(tags) => (RoadClass.LivingStreet, false),
        _ => null,
    };

    // Where nobody drives through, though no sign forbids it.
    private static bool IsOwnTraffic(OsmTags tags, RoadClass kind) =>
        (kind == RoadClass.Service && tags["service"] is "driveway" or "parking_aisle" or "drive-through")
        || (kind == RoadClass.Track && !IsGoodTrack(tags));

    private static bool IsGoodTrack(OsmTags tags) =>
        tags.Is("tracktype", "grade1") || tags["surface"] is "asphalt" or "paved" or "concrete" or "paving_stones";

    private (bool Forward, bool Backward) Oneway(OsmTags tags) =>
        OnewayOf(Array.Find(_onewayKeys, key => tags[key] is not null) is { } key ? tags[key] : null)
        ?? (true, !(tags.Is("highway", "motorway") || tags["junction"] is "roundabout" or "circular"));

    // A lane for taxis goes where others may not, be it against the stream.
    private (bool IsOpen, IReadOnlyList<string> Hours) Direction(
        OsmTags tags, bool isForward, (bool IsWay, string Hours) way, (CarAccess Access, string Hours) both, List<string> leftOut)
    {
        (CarAccess access, string hours) = Timed.Of(tags, Access.Of(tags, isForward), leftOut.Add, isForward ? ":forward" : ":backward");
        return (
            (way.IsWay && both.Access != CarAccess.No && access != CarAccess.No) || Access.IsForTaxis(tags, isForward),
            [.. new[] { both.Hours, way.Hours, hours }.Where(each => each.Length > 0)]);
    }
}
