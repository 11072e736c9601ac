using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>A stretch of road, as people point at it.</summary>
public static class RoadStretch
{
    /// <summary>How far from a road a point may lie, in metres.</summary>
    public const double MaxMeters = 50;

    private const int MaxCandidates = 8;

    /// <summary>
    /// The edges of a stretch: of one point, both directions of the segment it lies on; of several, those of the
    /// cheapest way at free flow from each to the next, whole ones also at both ends.
    /// </summary>
    /// <param name="index">The roads.</param>
    /// <param name="path">At least one point, in the direction of driving.</param>
    /// <param name="bothDirections">Also the edges the other way, where they may be driven.</param>
    /// <param name="edges">Each once.</param>
    /// <returns>-1, or the index of the point that no road is near to, or that no way leads to from the one before.</returns>
    public static int Find(RoadIndex index, ReadOnlySpan<GeoPoint> path, bool bothDirections, out ImmutableArray<int> edges)
    {
        edges = [];
        var graph = index.Graph;
        var found = new SortedSet<int>();
        var places = new RoadPosition[path.Length][];
        Span<RoadCandidate> near = stackalloc RoadCandidate[MaxCandidates];
        for (int point = 0; point < path.Length; point++)
        {
            // The nearest road only, in both its directions: the next street is another one.
            ReadOnlySpan<RoadCandidate> candidates = near[..index.Nearest(path[point], MaxMeters, near)];
            if (candidates.IsEmpty)
            {
                return point;
            }

            int segment = candidates[0].Position.Segment;
            places[point] = [.. candidates.ToArray().Select(c => c.Position).Where(position => position.Segment == segment)];
        }

        if (path.Length == 1)
        {
            found.UnionWith(places[0].Select(position => position.Edge));
        }

        var search = new Dijkstra(graph);
        RoadMetric freeFlow = RoadMetric.FreeFlow(graph);
        for (int point = 1; point < path.Length; point++)
        {
            if (search.FindPath(freeFlow, places[point - 1], places[point]) is not { } way)
            {
                return point;
            }

            found.UnionWith(way.Edges);
        }

        if (bothDirections)
        {
            found.UnionWith(found.Select(edge => edge ^ 1).Where(edge => graph.KmhOf(edge) > 0).ToList());
        }

        edges = [.. found];
        return -1;
    }
}
