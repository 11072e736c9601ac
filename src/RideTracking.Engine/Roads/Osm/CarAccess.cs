using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>Who may drive somewhere, the more open the greater.</summary>
internal enum CarAccess
{
    /// <summary>The tags do not say.</summary>
    Unknown,
    No,

    /// <summary>Only who has something to do there.</summary>
    Destination,
    Yes,
}

/// <summary>Access of a car by its tags, the most particular first (https://wiki.openstreetmap.org/wiki/Key:access).</summary>
internal sealed class CarAccessTags
{
    private readonly bool _isTaxi;
    private readonly string[] _keys;
    private readonly string[] _forwardKeys;
    private readonly string[] _backwardKeys;

    public CarAccessTags(RoadUser user)
    {
        _isTaxi = user == RoadUser.Taxi;
        Modes = _isTaxi ? ["taxi", "psv", "motorcar", "motor_vehicle", "vehicle"] : ["motorcar", "motor_vehicle", "vehicle"];
        _keys = [.. Modes, "access"];
        _forwardKeys = [.. _keys.Select(key => $"{key}:forward")];
        _backwardKeys = [.. _keys.Select(key => $"{key}:backward")];
    }

    /// <summary>What the car is, by the names of tags, the most particular first.</summary>
    public string[] Modes { get; }

    /// <summary>Of a way, both directions taken together, or a node.</summary>
    public CarAccess Of(OsmTags tags) => FirstOf(tags, _keys, ":lanes");

    /// <summary>What the tags say of one direction of a way alone.</summary>
    public CarAccess Of(OsmTags tags, bool isForward) =>
        isForward ? FirstOf(tags, _forwardKeys, ":lanes:forward") : FirstOf(tags, _backwardKeys, ":lanes:backward");

    /// <summary>Whether cars, and not just anybody, are told to be let in.</summary>
    public bool IsForCars(OsmTags tags) => FirstOf(tags, _keys.AsSpan(0, Modes.Length), ":lanes") > CarAccess.No;

    /// <summary>Whether taxis, and not just any car, are told to be let in, and taxis are what is driven.</summary>
    public bool IsForTaxis(OsmTags tags) => _isTaxi && FirstOf(tags, _keys.AsSpan(0, 2), ":lanes") > CarAccess.No;

    /// <summary>The same of one direction of a way.</summary>
    public bool IsForTaxis(OsmTags tags, bool isForward) => _isTaxi
        && FirstOf(tags, (isForward ? _forwardKeys : _backwardKeys).AsSpan(0, 2), isForward ? ":lanes:forward" : ":lanes:backward") > CarAccess.No;

    // A key for the road comes before the same for its lanes.
    private CarAccess FirstOf(OsmTags tags, ReadOnlySpan<string> keys, string lanes)
    {
        bool hasLanes = tags.HasLanes;
        for (int i = 0; i < keys.Length; i++)
        {
            if (OfValue(tags[keys[i]]) is var access and not CarAccess.Unknown)
            {
                return access;
            }

            if (hasLanes && OfLanes(tags[_keys[i] + lanes]) is var ofLanes and not CarAccess.Unknown)
            {
                return ofLanes;
            }
        }

        return CarAccess.Unknown;
    }

    // One open lane opens the road; it is closed when all are.
    private CarAccess OfLanes(string? value)
    {
        CarAccess[] lanes = Array.ConvertAll(value?.Split('|') ?? [], OfValue);
        CarAccess best = lanes.Length == 0 ? CarAccess.Unknown : lanes.Max();
        return best == CarAccess.No && lanes.Contains(CarAccess.Unknown) ? CarAccess.Unknown : best;
    }

    /// <summary>Of one tag's value. A list is of those who are let in.</summary>
    public CarAccess OfValue(string? value)
    {
        CarAccess best = CarAccess.Unknown;
        foreach (string each in value?.Split(';', StringSplitOptions.TrimEntries) ?? [])
        {
            CarAccess access = each switch
            {
                "yes" or "permissive" or "designated" or "official" or "public" or "unknown" or "discouraged" => CarAccess.Yes,
                "destination" or "private" or "customers" or "customer" or "permit" or "residents" or "resident" or "delivery" => CarAccess.Destination,
                "taxi" or "psv" => _isTaxi ? CarAccess.Yes : CarAccess.No,
                "no" or "agricultural" or "forestry" or "military" or "emergency" or "bus" or "hov" or "hgv" => CarAccess.No,
                "use_sidepath" or "dismount" or "restricted" or "none" => CarAccess.No,
                _ => CarAccess.Unknown,
            };
            best = access > best ? access : best;
        }

        return best;
    }
}
