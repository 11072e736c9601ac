using NetTopologySuite.Geometries;

namespace RideTracking.Engine.Zones;

/// <summary>How much to and fro there is in rings: what it costs to check and to prepare them grows with that. Itself next to nothing.</summary>
internal static class Intricacy
{
    /// <summary>How often a line across all rings, along a parallel or a meridian, meets one on the average; the larger of the two.</summary>
    public static double Crossings(IEnumerable<Coordinate[]> rings)
    {
        var bounds = new Envelope();
        double alongX = 0, alongY = 0;
        foreach (Edge edge in EdgesOf(rings))
        {
            bounds.ExpandToInclude(edge.X2, edge.Y2);
            alongX += Math.Abs(edge.X2 - edge.X1);
            alongY += Math.Abs(edge.Y2 - edge.Y1);
        }

        return Math.Max(alongX / bounds.Width, alongY / bounds.Height);
    }

    /// <summary>
    /// How many other edges are in the box around an edge on the average, be it as slanting as it may: each pair of them is
    /// looked at when borders that cross are looked for.
    /// </summary>
    /// <param name="rings">The rings.</param>
    /// <param name="enough">From here on it is counted no further.</param>
    public static double BoxesBeside(IEnumerable<Coordinate[]> rings, double enough)
    {
        Edge[] edges = [.. EdgesOf(rings)];
        Array.Sort(edges, (a, b) => a.West.CompareTo(b.West));
        double mostPairs = enough * edges.Length / 2;
        long pairs = 0;
        for (int i = 0; i < edges.Length && pairs <= mostPairs; i++)
        {
            Edge edge = edges[i];
            double east = edge.East, south = edge.South, north = edge.North;
            for (int j = i + 1; j < edges.Length && edges[j].West <= east; j++)
            {
                pairs += edges[j].South <= north && edges[j].North >= south ? 1 : 0;
            }
        }

        return 2.0 * pairs / edges.Length;
    }

    private static IEnumerable<Edge> EdgesOf(IEnumerable<Coordinate[]> rings) => rings.SelectMany(ring => ring.Zip(
        ring.Skip(1), (from, to) => new Edge(from.X, from.Y, to.X, to.Y)));
}
