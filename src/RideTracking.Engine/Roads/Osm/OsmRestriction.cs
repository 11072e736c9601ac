namespace RideTracking.Engine.Roads.Osm;

/// <summary>A turn restriction as the file has it (https://wiki.openstreetmap.org/wiki/Relation:restriction).</summary>
internal sealed class OsmRestriction
{
    public const string AtSomeHours = "at some hours only";
    public const string UnderConditions = "under conditions not known here";
    public const string ForOthers = "for other vehicles";

    /// <summary>Only this turn, rather than any but this.</summary>
    public bool IsDemand { get; private set; }

    /// <summary>Kept at all hours, though the file has it otherwise at some, or under conditions.</summary>
    public bool IsKeptAlways { get; private set; }

    /// <summary>Each once, however often the relation names it. So are the other members.</summary>
    public List<long> From { get; } = [];

    public List<long> To { get; } = [];

    public List<long> ViaNodes { get; } = [];

    public List<long> ViaWays { get; } = [];

    /// <summary>Why it has no effect, or null.</summary>
    public string? Ignored { get; private set; }

    /// <summary>The restriction that a relation is; null when it is some other thing.</summary>
    /// <param name="tags">Of the relation.</param>
    /// <param name="members">Of the relation.</param>
    /// <param name="modes">For whom it counts, the most particular first.</param>
    public static OsmRestriction? TryRead(OsmTags tags, ReadOnlySpan<OsmMember> members, string[] modes)
    {
        if (tags["type"] is not { } type || !type.StartsWith("restriction", StringComparison.Ordinal))
        {
            return null;
        }

        var restriction = new OsmRestriction();
        restriction.Ignored = type != "restriction" && !Array.Exists(modes, mode => type == $"restriction:{mode}")
            ? ForOthers
            : restriction.ReadKind(tags, modes);
        foreach (OsmMember member in members)
        {
            List<long>? named = (member.Role, member.Type) switch
            {
                ("from", OsmMemberType.Way) => restriction.From,
                ("to", OsmMemberType.Way) => restriction.To,
                ("via", OsmMemberType.Way) => restriction.ViaWays,
                ("via", OsmMemberType.Node) => restriction.ViaNodes,
                _ => null,
            };
            if (named?.Contains(member.Id) == false)
            {
                named.Add(member.Id);
            }
        }

        return restriction;
    }

    private string? ReadKind(OsmTags tags, string[] modes)
    {
        string[] exceptions = tags["except"]?.Split(';', StringSplitOptions.TrimEntries) ?? [];
        if (exceptions.Intersect(modes).Any())
        {
            return "not for cars";
        }

        foreach (string key in (ReadOnlySpan<string>)[.. modes.Select(mode => $"restriction:{mode}"), "restriction"])
        {
            // What holds always comes before what holds at times; where there is both, the latter is most often its exception.
            if (tags[key] is { } kinds)
            {
                IsKeptAlways = tags[$"{key}:conditional"] is { } also && Condition.Parse(also).Exists(each => each.Kind != ConditionKind.Never);
                return kinds.Contains('@', StringComparison.Ordinal) ? ReadConditions(kinds)
                    : tags["day_on"] is not null || tags["hour_on"] is not null ? AtSomeHours
                    : ReadKinds(kinds);
            }

            if (tags[$"{key}:conditional"] is { } conditions)
            {
                return ReadConditions(conditions);
            }
        }

        return tags.AnyKey(key => key.StartsWith("restriction:", StringComparison.Ordinal)) ? ForOthers : "kind not told";
    }

    private string? ReadConditions(string text)
    {
        string? ignored = ForOthers;
        foreach (Condition each in Condition.Parse(text))
        {
            switch (each.Kind)
            {
                case ConditionKind.Always:
                    return ReadKinds(each.Value);
                case ConditionKind.AtHours:
                    ignored = AtSomeHours;
                    break;
                case ConditionKind.Unknown when ignored == ForOthers:
                    ignored = UnderConditions;
                    break;
            }
        }

        return ignored;
    }

    // Of several kinds in one relation all are about the same turn: its members. A demand forbids every other turn too.
    private string? ReadKinds(string text)
    {
        string? ignored = "unknown kind";
        foreach (string kind in text.Split(';', StringSplitOptions.TrimEntries))
        {
            bool isDemand = kind is "only_left_turn" or "only_right_turn" or "only_straight_on" or "only_u_turn";
            if (isDemand || kind is "no_left_turn" or "no_right_turn" or "no_straight_on" or "no_u_turn" or "no_entry" or "no_exit")
            {
                IsDemand |= isDemand;
                ignored = null;
            }
        }

        return ignored;
    }
}
