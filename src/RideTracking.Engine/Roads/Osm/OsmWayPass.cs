namespace RideTracking.Engine.Roads.Osm;

/// <summary>The first reading of a file: ways that cars drive, and turn restrictions.</summary>
/// <param name="profile">For whom roads are open.</param>
/// <param name="part">The part of the file that is wanted; null for all of it.</param>
internal sealed class OsmWayPass(CarProfile profile, OsmCutPass? part) : OsmVisitor
{
    // A country like Germany has some 70 million; more than this are a bomb or a file for another machine.
    private const int MaxReferences = 200_000_000;

    private readonly Dictionary<string, string> _names = [];

    public override bool WantsNodes => false;

    public int HighwayWays { get; private set; }

    public List<OsmRoad> Roads { get; } = [];

    /// <summary>The nodes of all roads, one after the other.</summary>
    public List<long> Nodes { get; } = [];

    public List<OsmRestriction> Restrictions { get; } = [];

    public FerryRoutes Ferries { get; } = new(profile);

    public override void Way(long id, OsmTags tags, ReadOnlySpan<long> nodes)
    {
        if ((tags["highway"] is not null || CarProfile.IsFerry(tags)) && part?.Holds(nodes) != false)
        {
            HighwayWays++;
            TryAdd(id, tags, nodes);
        }
    }

    /// <summary>Takes a way, if cars drive it.</summary>
    public void TryAdd(long id, OsmTags tags, ReadOnlySpan<long> nodes)
    {
        if (nodes.Length < 2 || !profile.TryRead(tags, out WayTraits traits))
        {
            return;
        }

        if (Nodes.Count > MaxReferences - nodes.Length)
        {
            throw new RoadFileException($"The roads have more than {MaxReferences:N0} points: cut the file down to the region that is served.");
        }

        if (!_names.TryGetValue(traits.Name, out string? name))
        {
            _names.Add(traits.Name, name = traits.Name);
        }

        Roads.Add(new OsmRoad(id, Nodes.Count, nodes.Length, traits with { Name = name }));
        Nodes.AddRange(nodes);
    }

    /// <summary>Forgets the restrictions of other parts of the file.</summary>
    public void KeepRestrictionsOfRoads()
    {
        HashSet<long> known = [.. Roads.Select(road => road.Id)];
        Restrictions.RemoveAll(each => !each.From.Concat(each.ViaWays).Concat(each.To).Any(known.Contains));
    }

    public override void Relation(long id, OsmTags tags, ReadOnlySpan<OsmMember> members)
    {
        if (OsmRestriction.TryRead(tags, members, profile.Access.Modes) is { } restriction)
        {
            Restrictions.Add(restriction);
            if (restriction.IsKeptAlways && restriction.Ignored is null)
            {
                profile.LeaveOut("turn restriction kept at all hours");
            }
        }

        Ferries.Add(tags, members);
    }
}

/// <summary>A way that cars drive; its first node is an index among the nodes of all roads.</summary>
internal readonly record struct OsmRoad(long Id, int FirstNode, int NodeCount, WayTraits Traits);
