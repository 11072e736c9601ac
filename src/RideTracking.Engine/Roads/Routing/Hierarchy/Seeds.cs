using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// Starts and goals of a search, which lie within edges, as times at states. A time at a state is that at its tail, so a
/// start counts its state's edge whole and takes back what lies behind. Where the start's edge is closed, or a goal is on
/// it too (ahead, with nothing to search; or behind, to be reached by a way round), the search starts after the edge.
/// </summary>
internal static class Seeds
{
    private const int AfterEdge = int.MinValue; // added to the tag of a start whose first edge is not among the states

    /// <summary>The most that any start takes back; added to all their times, so that none is negative.</summary>
    public static int BiasOf(RoadGraph graph, RoadMetric metric, ReadOnlySpan<RoadPosition> from)
    {
        int bias = 0;
        foreach (RoadPosition each in from)
        {
            int whole = EdgeTime.WholeOfFirst(graph, metric, each.Edge);
            bias = Math.Max(bias, whole == EdgeTime.Infinite ? 0 : EdgeTime.Behind(whole, each.Fraction));
        }

        return bias;
    }

    /// <summary>Adds one start, numbered by its tag from 0 up; "round about" when a goal is on the same edge.</summary>
    public static void Start(
        Climb climb, RoadHierarchy hierarchy, RoadMetric metric, RoadPosition from, bool roundAbout, int bias, int tag)
    {
        RoadGraph graph = hierarchy.Graph;
        int whole = EdgeTime.WholeOfFirst(graph, metric, from.Edge);
        if (whole == EdgeTime.Infinite)
        {
            return;
        }

        int behind = EdgeTime.Behind(whole, from.Fraction);
        if (!roundAbout && EdgeTime.Whole(metric, from.Edge) != EdgeTime.Infinite)
        {
            climb.Seed(hierarchy.Tree.Ranks[from.Edge], bias - behind, tag);
            return;
        }

        ReadOnlySpan<int> turns = graph.TurnsFrom(from.Edge);
        ReadOnlySpan<byte> delays = graph.TurnDelaysFrom(from.Edge);
        for (int i = 0; i < turns.Length; i++)
        {
            if (hierarchy.Tree.Ranks[turns[i]] is var rank and >= 0)
            {
                climb.Seed(rank, bias + whole - behind + EdgeTime.OfTurn(delays[i]), tag | AfterEdge);
            }
        }
    }

    /// <summary>The number of the start that a tag tells, and whether its edge comes before the states.</summary>
    public static (int Number, bool IsAfterEdge) OfTag(int tag) => (tag & ~AfterEdge, tag < 0);

    /// <summary>Adds one goal: all states of its edge.</summary>
    public static void Goal(Climb climb, RoadHierarchy hierarchy, RoadMetric metric, RoadPosition to, int tag)
    {
        int whole = EdgeTime.Whole(metric, to.Edge);
        if (whole == EdgeTime.Infinite || hierarchy.Tree.Ranks[to.Edge] < 0)
        {
            return;
        }

        int behind = EdgeTime.Behind(whole, to.Fraction);
        climb.Seed(hierarchy.Tree.Ranks[to.Edge], behind, tag);
        foreach (int copy in hierarchy.Graph.ExtraStatesOf(to.Edge))
        {
            climb.Seed(hierarchy.Tree.Ranks[copy], behind, tag);
        }
    }
}
