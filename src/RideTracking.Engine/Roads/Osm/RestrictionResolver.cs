using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>Turns a file's turn restrictions into those of the graph.</summary>
internal sealed class RestrictionResolver(RoadCutter roads, RoadGraphBuilder builder, MissingMembers missing)
{
    private const string NoMember = "has no from, via or to";
    private const string NotInFile = "a member is not in the file";
    private const string NotForCars = "a member is no road for cars";
    private const string Pointless = "cannot be driven anyway";
    private const string Apart = "members do not meet";
    private const string Ambiguous = "more than one turn meant";

    public int Applied { get; private set; }

    public int OverWays { get; private set; }

    public int AppliedInPart { get; private set; }

    public SortedDictionary<string, int> Ignored { get; } = new(StringComparer.Ordinal);

    public void Apply(OsmRestriction restriction)
    {
        string? ignored = restriction.Ignored;
        if (ignored is null && (restriction.From.Count == 0 || restriction.To.Count == 0 || restriction.ViaNodes.Count + restriction.ViaWays.Count == 0))
        {
            ignored = NoMember;
        }

        bool isApplied = false, isLost = false;
        if (ignored is null)
        {
            foreach (long from in restriction.From)
            {
                foreach (long to in restriction.To)
                {
                    string? reason = Apply(restriction, from, to);
                    isApplied |= reason is null;
                    // Where no car drives there is nothing to forbid, so that part is whole.
                    isLost |= reason is not (null or NotForCars or Pointless);
                    ignored ??= reason;
                }
            }
        }

        if (isApplied)
        {
            Applied++;
            OverWays += restriction.ViaWays.Count > 0 ? 1 : 0;
            AppliedInPart += isLost ? 1 : 0;
        }
        else
        {
            Ignored[ignored!] = Ignored.GetValueOrDefault(ignored!) + 1;
        }
    }

    private string? Apply(OsmRestriction restriction, long from, long to)
    {
        if (missing.HasWay(from) || missing.HasWay(to) || restriction.ViaWays.Exists(missing.HasWay) || restriction.ViaNodes.Exists(missing.HasNode))
        {
            return NotInFile;
        }

        if (!roads.TryGetSegments(from, out var fromSegments) || !roads.TryGetSegments(to, out var toSegments))
        {
            return NotForCars;
        }

        var via = new List<(int First, int Count)>();
        foreach (long way in restriction.ViaWays)
        {
            if (!roads.TryGetSegments(way, out var segments))
            {
                return NotForCars;
            }

            via.Add(segments);
        }

        List<int[]> ways = via.Count > 0
            ? AlongWays(fromSegments, via, toSegments)
            : [.. restriction.ViaNodes.SelectMany(node => OverNode(fromSegments, roads.JunctionAt(node), toSegments))];
        if (ways.Count == 0)
        {
            return Apart;
        }

        ways.RemoveAll(way => !Array.TrueForAll(way, IsDriven));
        if (ways.Count != 1)
        {
            return ways.Count == 0 ? Pointless : Ambiguous;
        }

        if (restriction.IsDemand)
        {
            builder.Demand(ways[0]);
        }
        else
        {
            builder.Forbid(ways[0]);
        }

        return null;
    }

    private List<int[]> OverNode((int First, int Count) from, int junction, (int First, int Count) to)
    {
        if (junction < 0)
        {
            return [];
        }

        int[] arriving = [.. EdgesOf(from).Where(edge => builder.HeadOf(edge) == junction)];
        int[] leaving = [.. EdgesOf(to).Where(edge => builder.HeadOf(edge ^ 1) == junction)];
        return from == to
            ? [.. arriving.Select(edge => new[] { edge, edge ^ 1 })]
            : [.. arriving.SelectMany(first => leaving.Select(last => new[] { first, last }))];
    }

    // All ways along the via members, each of them used, from an edge of the first to an edge of the last.
    private List<int[]> AlongWays((int First, int Count) from, List<(int First, int Count)> via, (int First, int Count) to)
    {
        int[] between = [.. via.SelectMany(EdgesOf).Where(IsDriven)];
        int[] leaving = [.. EdgesOf(to)];
        var ways = new List<int[]>();
        foreach (int first in EdgesOf(from))
        {
            Follow([first]);
        }

        return ways;

        void Follow(List<int> way)
        {
            int junction = builder.HeadOf(way[^1]);
            if (via.TrueForAll(member => way.Exists(edge => IsOf(member, edge))))
            {
                foreach (int last in leaving.Where(edge => builder.HeadOf(edge ^ 1) == junction && edge != (way[^1] ^ 1)))
                {
                    ways.Add([.. way, last]);
                }
            }

            foreach (int next in between.Where(edge => builder.HeadOf(edge ^ 1) == junction && !way.Exists(each => each >> 1 == edge >> 1)))
            {
                // More than a few ways are ambiguous, however many they are.
                if (ways.Count < 8 && way.Count < 64)
                {
                    Follow([.. way, next]);
                }
            }
        }
    }

    private static bool IsOf((int First, int Count) member, int edge) => edge >> 1 >= member.First && edge >> 1 < member.First + member.Count;

    private static IEnumerable<int> EdgesOf((int First, int Count) segments) => Enumerable.Range(2 * segments.First, 2 * segments.Count);

    private bool IsDriven(int edge) => builder.KmhOf(edge) > 0;
}
