using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// Parts a connected piece of the road network where few roads cross: swept along several directions, what comes first
/// is parted from what comes last by a minimum cut, and the least of these cuts is taken. Schild and Sommer, "On
/// Balanced Separators in Road Networks" (SEA 2015).
/// </summary>
internal static class InertialFlow
{
    /// <summary>The part of the junctions that each side has at least.</summary>
    private const double LeastSide = 0.25;

    /// <summary>Directions to sweep along, in units of a vector (east, north).</summary>
    private static readonly (double East, double North)[] Directions =
        [(1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2)];

    private const int FewJunctions = 16; // so small that half of the directions say it all

    /// <summary>For each junction of a piece of two or more whether it is on the one side.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="junctions">Those of the piece.</param>
    /// <param name="ends">The two ends of each link of the piece, as indices into <paramref name="junctions"/>.</param>
    /// <param name="capacities">What cutting each of these links costs.</param>
    public static bool[] Bisect(RoadGraph graph, int[] junctions, int[] ends, int[] capacities)
    {
        var cut = new MinimumCut(junctions.Length, ends, capacities);
        int terminals = Math.Max(1, (int)(LeastSide * junctions.Length));
        var keys = new double[junctions.Length];
        var sorted = new int[junctions.Length];
        bool[]? best = null;
        int least = int.MaxValue;
        int directions = junctions.Length <= FewJunctions ? Directions.Length / 2 : Directions.Length;
        double narrow = Math.Cos(graph.JunctionAt(junctions[0]).LatitudeDegrees * Math.PI / 180);
        foreach ((double east, double north) in Directions.AsSpan(0, directions))
        {
            for (int i = 0; i < junctions.Length; i++)
            {
                var point = graph.JunctionAt(junctions[i]);
                keys[i] = east * narrow * point.LongitudeDegrees + north * point.LatitudeDegrees;
                sorted[i] = i;
            }

            Array.Sort(keys, sorted);
            int capacity = cut.Find(sorted.AsSpan(0, terminals), sorted.AsSpan(sorted.Length - terminals), least);
            if (capacity < least)
            {
                least = capacity;
                best = cut.SourceSide();
            }
        }

        return best!;
    }
}
