namespace RideTracking.Engine.Roads.Osm;

/// <summary>A ferry or a car train that is a relation (type=route).</summary>
/// <param name="Tags">All but its duration, which is that of the whole passage and not of each way.</param>
/// <param name="Duration">Zero when it is not told.</param>
/// <param name="TakesCars">By its own tags.</param>
internal sealed record FerryRoute(IReadOnlyDictionary<string, string> Tags, TimeSpan Duration, bool TakesCars);

/// <summary>The ferries of a file that are relations. Their ways often have no tags of their own.</summary>
/// <param name="profile">Who is taken along.</param>
internal sealed class FerryRoutes(CarProfile profile)
{
    private readonly Dictionary<long, FerryRoute> _routes = []; // by member way; of several relations the first

    /// <summary>Takes a relation, if it is such a route.</summary>
    public void Add(OsmTags tags, ReadOnlySpan<OsmMember> members)
    {
        if (!tags.Is("type", "route") || !CarProfile.IsFerry(tags))
        {
            return;
        }

        Dictionary<string, string> shared = tags.ToDictionary();
        shared.Remove("duration");
        var route = new FerryRoute(shared, FerryDuration.Parse(tags["duration"]), profile.TakesCars(tags));
        foreach (OsmMember member in members)
        {
            if (member.Type == OsmMemberType.Way)
            {
                _routes.TryAdd(member.Id, route);
            }
        }
    }

    /// <summary>The route that a way is part of, or null.</summary>
    public FerryRoute? Of(long way) => _routes.GetValueOrDefault(way);

    /// <summary>Whether all ways of routes that take cars are among these.</summary>
    public bool AreWithin(IReadOnlySet<long> ways) => _routes.All(each => !each.Value.TakesCars || ways.Contains(each.Key));
}
