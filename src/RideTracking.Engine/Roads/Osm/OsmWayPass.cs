namespace RideTracking.Engine.Roads.Osm;

/// <summary>The first reading of a file: ways that cars drive, and turn restrictions.</summary>
internal sealed class OsmWayPass : OsmVisitor
{
    // A country like Germany has some 70 million; more than this are a bomb or a file for another machine.
    private const int MaxReferences = 200_000_000;

    private static readonly string[] _modes = ["restriction:motorcar", "restriction:motor_vehicle", "restriction:vehicle", "restriction"];

    private readonly Dictionary<string, string> _names = [];

    public override bool WantsNodes => false;

    public int HighwayWays { get; private set; }

    public List<OsmRoad> Roads { get; } = [];

    /// <summary>The nodes of all roads, one after the other.</summary>
    public List<long> Nodes { get; } = [];

    public List<OsmRestriction> Restrictions { get; } = [];

    public override void Way(long id, OsmTags tags, ReadOnlySpan<long> nodes)
    {
        bool isHighway = tags["highway"] is not null || tags.Is("route", "ferry");
        HighwayWays += isHighway ? 1 : 0;
        if (!isHighway || nodes.Length < 2 || !CarProfile.TryRead(tags, out WayTraits traits))
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

    public override void Relation(long id, OsmTags tags, ReadOnlySpan<OsmMember> members)
    {
        if (tags["type"] is not { } type || !type.StartsWith("restriction", StringComparison.Ordinal))
        {
            return;
        }

        var restriction = new OsmRestriction { Id = id };
        Restrictions.Add(restriction);
        string? kind = Array.ConvertAll(_modes, mode => tags[mode]).FirstOrDefault(each => each is not null);
        if (kind is null)
        {
            restriction.Ignored = tags.AnyKey(key => key.EndsWith(":conditional", StringComparison.Ordinal))
                ? "at some hours only"
                : tags.AnyKey(key => key.StartsWith("restriction:", StringComparison.Ordinal)) ? "for other vehicles" : "kind not told";
        }
        else if (tags["except"]?.Split(';', StringSplitOptions.TrimEntries) is { } excepted
            && excepted.Any(each => each is "motorcar" or "motor_vehicle" or "vehicle"))
        {
            restriction.Ignored = "not for cars";
        }
        else if (type != "restriction" && type is not ("restriction:motorcar" or "restriction:motor_vehicle" or "restriction:vehicle"))
        {
            restriction.Ignored = "for other vehicles";
        }
        else if (kind.Contains('@', StringComparison.Ordinal) || tags["day_on"] is not null || tags["hour_on"] is not null)
        {
            restriction.Ignored = "at some hours only";
        }
        else if (kind is "only_left_turn" or "only_right_turn" or "only_straight_on" or "only_u_turn")
        {
            restriction.IsDemand = true;
        }
        else if (kind is not ("no_left_turn" or "no_right_turn" or "no_straight_on" or "no_u_turn" or "no_entry" or "no_exit"))
        {
            restriction.Ignored = "unknown kind";
        }

        foreach (OsmMember member in members)
        {
            switch (member.Role, member.Type)
            {
                case ("from", OsmMemberType.Way):
                    restriction.From.Add(member.Id);
                    break;
                case ("to", OsmMemberType.Way):
                    restriction.To.Add(member.Id);
                    break;
                case ("via", OsmMemberType.Way):
                    restriction.ViaWays.Add(member.Id);
                    break;
                case ("via", OsmMemberType.Node):
                    restriction.ViaNodes.Add(member.Id);
                    break;
            }
        }
    }
}

/// <summary>A way that cars drive; its first node is an index among the nodes of all roads.</summary>
internal readonly record struct OsmRoad(long Id, int FirstNode, int NodeCount, WayTraits Traits);

/// <summary>A turn restriction as the file has it.</summary>
internal sealed class OsmRestriction
{
    public required long Id { get; init; }

    /// <summary>Only this turn, rather than any but this.</summary>
    public bool IsDemand { get; set; }

    public List<long> From { get; } = [];

    public List<long> To { get; } = [];

    public List<long> ViaNodes { get; } = [];

    public List<long> ViaWays { get; } = [];

    /// <summary>Why it has no effect, or null.</summary>
    public string? Ignored { get; set; }
}
