namespace RideTracking.Engine.Roads.Osm;

/// <summary>Whom a node of a road lets through.</summary>
internal enum NodePassage
{
    Open,

    /// <summary>Only who has something to do beyond.</summary>
    OwnTraffic,
    Closed,
}

/// <summary>Barriers and other nodes that stop cars (https://wiki.openstreetmap.org/wiki/Key:barrier).</summary>
/// <param name="profile">Who drives.</param>
internal sealed class CarBarriers(CarProfile profile)
{
    // On these the access is to the thing itself: a house's door, a crossing, the hall of a stop.
    private static readonly string[] _things =
    [
        "highway", "railway", "public_transport", "amenity", "shop", "office", "tourism", "leisure", "building", "entrance", "door",
        "crossing", "traffic_sign", "information", "man_made", "emergency", "parking", "traffic_calming",
    ];

    /// <summary>
    /// Whom a node lets through at its most open, and when, as <see cref="Hours.RoadHours"/> has it; at all hours when that is
    /// empty. Its access tags decide; without any, what kind of a barrier it is.
    /// </summary>
    public (NodePassage Passage, string Hours) PassageOf(OsmTags node)
    {
        string? barrier = node["barrier"] is { } told and not "no" ? told : null;
        if (!CarSize.Fits(node))
        {
            return (NodePassage.Closed, "");
        }

        if (barrier is null && Array.Exists(_things, thing => node[thing] is not null))
        {
            return (NodePassage.Open, "");
        }

        CarAccess access = profile.Access.Of(node);
        string hours = "";
        if (barrier is not null)
        {
            access = access == CarAccess.Unknown && !LetsCarsThrough(node, barrier) ? CarAccess.No : access;
            (access, hours) = profile.Timed.Of(node, access, profile.LeaveOut);
        }
        else if (profile.Timed.IsConditional(node))
        {
            profile.LeaveOut("access: of a node without a barrier, under conditions");
        }

        return access switch
        {
            CarAccess.No => (NodePassage.Closed, ""),
            CarAccess.Destination => (NodePassage.OwnTraffic, hours),
            _ => (NodePassage.Open, hours),
        };
    }

    private static bool LetsCarsThrough(OsmTags node, string barrier) => !node.Is("locked", "yes") && barrier switch
    {
        "gate" or "lift_gate" or "swing_gate" or "sliding_gate" or "hampshire_gate" or "bump_gate" or "sally_port" or "entrance" => true,
        "border_control" or "toll_booth" or "checkpoint" or "ticket" or "guardhouse" => true,
        "cattle_grid" or "height_restrictor" or "width_restrictor" or "coupure" or "spikes" or "rumble_strip" => true,
        "kerb" => !node.Is("kerb", "raised"),
        "bollard" => node.Is("bollard", "rising"),
        _ => false,
    };
}
