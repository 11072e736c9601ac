using RideTracking.Engine.Roads.Hours;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// Access and directions that conditional tags change by the hour (https://wiki.openstreetmap.org/wiki/Conditional_restrictions).
/// Honoured is what closes or opens; what only makes a road one for own traffic at times is told as left out.
/// </summary>
/// <param name="access">Without conditions.</param>
internal sealed class TimedAccess(CarAccessTags access)
{
    private readonly string[] _keys = [.. access.Modes, "access"];
    private readonly string[] _onewayKeys = [.. access.Modes.Select(mode => $"oneway:{mode}"), "oneway"];

    // Of nearly all things there are none.
    private static bool IsTimed(OsmTags tags) =>
        tags.AnyKey(static key => key.EndsWith(":conditional", StringComparison.Ordinal) || key == "opening_hours");

    /// <summary>Whether a way that is closed otherwise is open to cars at some hours.</summary>
    public bool IsOpenAtHours(OsmTags tags) => IsTimed(tags) && Of(tags, CarAccess.No, static _ => { }).Hours.Length > 0;

    /// <summary>Whether the speed limit depends on conditions.</summary>
    public bool HasTimedLimit(OsmTags tags) => tags.AnyKey(key =>
        key.StartsWith("maxspeed", StringComparison.Ordinal) && key.EndsWith(":conditional", StringComparison.Ordinal)
        && key.Split(':')[1..^1].All(part => part is "forward" or "backward" or "lanes" || access.Modes.Contains(part))
        && Condition.Parse(tags[key]!).Exists(each => each.Kind != ConditionKind.Never));

    /// <summary>Whether access depends on conditions, of hours or others.</summary>
    public bool IsConditional(OsmTags tags) => IsTimed(tags) && ConditionsOf(tags, _keys, "").Exists(each => each.Kind != ConditionKind.Never);

    /// <summary>The access of a way or a gate at its most open, and when it is open.</summary>
    /// <param name="tags">Of a way or a node.</param>
    /// <param name="always">What the tags without conditions come to.</param>
    /// <param name="leaveOut">Told what is left out, by kind.</param>
    /// <param name="ending">":forward" or ":backward" for one direction alone.</param>
    public (CarAccess Access, string Hours) Of(OsmTags tags, CarAccess always, Action<string> leaveOut, string ending = "")
    {
        if (!IsTimed(tags))
        {
            return (always, "");
        }

        if (Array.Exists(_keys, key => tags[$"{key}:lanes{ending}:conditional"] is { } lanes && Condition.Parse(lanes).Exists(each => each.Kind != ConditionKind.Never)))
        {
            leaveOut("access: of lanes, under conditions");
        }

        CarAccess usual = always;
        var exceptions = new List<(bool IsOpen, string Hours)>();
        var openings = new HashSet<CarAccess>();
        foreach (Condition each in ConditionsOf(tags, _keys, ending))
        {
            CarAccess then = access.OfValue(each.Value);
            switch (each.Kind)
            {
                case ConditionKind.Always when then != CarAccess.Unknown:
                    usual = then;
                    exceptions.Clear();
                    openings.Clear();
                    break;
                case ConditionKind.AtHours when then != CarAccess.Unknown:
                    exceptions.Add((then != CarAccess.No, each.Hours));
                    openings.Add(then);
                    break;
                case ConditionKind.Never:
                    break;
                default:
                    leaveOut("access: under conditions not known here");
                    break;
            }
        }

        bool isOpen = usual != CarAccess.No;
        openings.Remove(CarAccess.No);
        openings.Add(usual switch { CarAccess.Unknown => CarAccess.Yes, CarAccess.No => openings.FirstOrDefault(), _ => usual });
        if (openings.Count > 1)
        {
            leaveOut("access: own traffic at some hours");
        }

        if (ending.Length == 0 && tags["opening_hours"] is { } hours)
        {
            if (OpeningHours.TryParse(hours) is null)
            {
                leaveOut("opening hours not read");
            }
            else if (isOpen)
            {
                // Closed but at its hours, whatever else is told.
                return (usual, RoadHours.Write(isOpen: false, [(true, hours), .. exceptions.Where(each => !each.IsOpen)]));
            }
        }

        return exceptions.Exists(each => each.IsOpen != isOpen)
            ? (isOpen ? usual : openings.Max(), RoadHours.Write(isOpen, exceptions))
            : (usual, "");
    }

    /// <summary>The directions of a way at their most open, and when each is open.</summary>
    public ((bool IsWay, string Hours) Forward, (bool IsWay, string Hours) Backward) DirectionsOf(
        OsmTags tags, bool isForward, bool isBackward, Action<string> leaveOut)
    {
        if (!IsTimed(tags))
        {
            return ((isForward, ""), (isBackward, ""));
        }

        List<(bool IsOpen, string Hours)> forward = [], backward = [];
        foreach (Condition each in ConditionsOf(tags, _onewayKeys, ""))
        {
            switch (each.Kind, CarProfile.OnewayOf(each.Value))
            {
                case (ConditionKind.Never, _):
                    break;
                case (ConditionKind.Always, { } open):
                    (isForward, isBackward) = open;
                    forward.Clear();
                    backward.Clear();
                    break;
                case (ConditionKind.AtHours, { } open):
                    forward.Add((open.Forward, each.Hours));
                    backward.Add((open.Backward, each.Hours));
                    break;
                default:
                    leaveOut("one-way: under conditions not known here");
                    break;
            }
        }

        return (Merged(isForward, forward), Merged(isBackward, backward));
    }

    private static (bool IsWay, string Hours) Merged(bool isWay, List<(bool IsOpen, string Hours)> exceptions) =>
        exceptions.Exists(each => each.IsOpen != isWay) ? (true, RoadHours.Write(isWay, exceptions)) : (isWay, "");

    // The least particular first, so that the last to hold is the most particular; none that a plain and more particular tag overrules.
    private List<Condition> ConditionsOf(OsmTags tags, string[] keys, string ending)
    {
        var conditions = new List<Condition>();
        foreach (string key in keys)
        {
            if (tags[$"{key}{ending}:conditional"] is { } conditional)
            {
                conditions.InsertRange(0, Condition.Parse(conditional));
            }

            if (access.OfValue(tags[key + ending]) != CarAccess.Unknown)
            {
                break;
            }
        }

        return conditions;
    }
}
