using RideTracking.Engine.Roads.Hours;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>When a conditional tag holds for a car.</summary>
internal enum ConditionKind
{
    Never,
    Always,
    AtHours,

    /// <summary>Under a condition that nobody here can know: weather, who sits in the car, hours in a form that is not read.</summary>
    Unknown,
}

/// <summary>
/// One value of a conditional tag with what it depends on (https://wiki.openstreetmap.org/wiki/Conditional_restrictions):
/// "no @ (Mo-Fr 07:00-09:00)", "no @ (weight&gt;7.5)".
/// </summary>
/// <param name="Value">As the tag would have it without a condition.</param>
/// <param name="Kind">When it holds.</param>
/// <param name="Hours">Of <see cref="ConditionKind.AtHours"/>, as <see cref="OpeningHours"/> reads them.</param>
internal readonly record struct Condition(string Value, ConditionKind Kind, string Hours)
{
    /// <summary>The values of a conditional tag; of those that hold at one time the last counts.</summary>
    public static List<Condition> Parse(string tag)
    {
        var conditions = new List<Condition>();
        foreach (string each in Split(tag))
        {
            int at = each.IndexOf('@', StringComparison.Ordinal);
            string value = at < 0 ? "" : each[..at].Trim(), when = each[(at + 1)..].Trim();
            if (when.StartsWith('(') && when.EndsWith(')'))
            {
                when = when[1..^1];
            }

            (ConditionKind kind, string hours) = value.Length == 0 ? (ConditionKind.Unknown, "") : KindOf(when);
            conditions.Add(new Condition(value, kind, hours));
        }

        return conditions;
    }

    // At semicolons, but for those within brackets and those that no new value follows.
    private static List<string> Split(string tag)
    {
        var parts = new List<string>();
        int depth = 0, start = 0;
        for (int i = 0; i <= tag.Length; i++)
        {
            if (i < tag.Length && (depth > 0 || tag[i] != ';'))
            {
                depth = Math.Max(0, depth + (tag[i] == '(' ? 1 : tag[i] == ')' ? -1 : 0));
                continue;
            }

            string part = tag[start..i].Trim();
            start = i + 1;
            if (part.Length > 0 && parts.Count > 0 && !part.Contains('@'))
            {
                parts[^1] += "; " + part;
            }
            else if (part.Length > 0)
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    // All that AND joins must hold; what cannot be makes the rest of no matter.
    private static (ConditionKind Kind, string Hours) KindOf(string when)
    {
        (ConditionKind Kind, string Hours) all = (ConditionKind.Always, "");
        foreach (string each in when.Split(" AND ", StringSplitOptions.TrimEntries))
        {
            (ConditionKind Kind, string Hours) one = OfOne(each);
            all = (all.Kind, one.Kind) switch
            {
                (ConditionKind.Never, _) or (_, ConditionKind.Always) => all,
                (ConditionKind.Always, _) or (_, ConditionKind.Never) => one,
                _ => (ConditionKind.Unknown, ""),
            };
        }

        return all;
    }

    private static (ConditionKind Kind, string Hours) OfOne(string when)
    {
        int sign = when.AsSpan().IndexOfAny('<', '>');
        if (sign > 0)
        {
            bool? holds = CarSize.Is(when[..sign].Trim(), when[sign] == '>', when[(sign + 1)..].TrimStart('='));
            return (holds switch { true => ConditionKind.Always, false => ConditionKind.Never, null => ConditionKind.Unknown }, "");
        }

        return OpeningHours.TryParse(when) is null ? (ConditionKind.Unknown, "") : (ConditionKind.AtHours, when);
    }
}
