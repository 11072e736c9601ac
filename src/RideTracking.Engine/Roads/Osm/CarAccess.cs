namespace RideTracking.Engine.Roads.Osm;

/// <summary>Who may drive somewhere.</summary>
internal enum CarAccess
{
    /// <summary>The tags do not say.</summary>
    Unknown,
    Yes,

    /// <summary>Only who has something to do there.</summary>
    Destination,
    No,
}

/// <summary>Access of a private car by its tags, the most particular first (https://wiki.openstreetmap.org/wiki/Key:access).</summary>
internal static class CarAccessTags
{
    private static readonly string[] _keys = ["motorcar", "motor_vehicle", "vehicle", "access"];

    /// <param name="tags">Of a way or a node.</param>
    /// <param name="ending">":forward" or ":backward" for one direction, empty for both.</param>
    public static CarAccess Of(OsmTags tags, string ending = "")
    {
        foreach (string key in _keys)
        {
            if (OfValue(tags[key + ending]) is var access and not CarAccess.Unknown)
            {
                return access;
            }
        }

        return CarAccess.Unknown;
    }

    /// <summary>Whether cars, and not just anybody, are told to be let in.</summary>
    public static bool IsForCars(OsmTags tags)
    {
        foreach (string key in _keys.AsSpan(0, 3))
        {
            if (OfValue(tags[key]) is var access and not CarAccess.Unknown)
            {
                return access != CarAccess.No;
            }
        }

        return false;
    }

    private static CarAccess OfValue(string? value)
    {
        foreach (string each in value?.Split(';', StringSplitOptions.TrimEntries) ?? [])
        {
            switch (each)
            {
                case "yes" or "permissive" or "designated" or "official" or "public" or "unknown" or "discouraged":
                    return CarAccess.Yes;
                case "destination" or "private" or "customers" or "customer" or "permit" or "residents" or "resident" or "delivery":
                    return CarAccess.Destination;
                case "no" or "agricultural" or "forestry" or "military" or "emergency" or "psv" or "bus"
                    or "taxi" or "hov" or "hgv" or "use_sidepath" or "dismount" or "restricted" or "none":
                    return CarAccess.No;
            }
        }

        return CarAccess.Unknown;
    }
}
