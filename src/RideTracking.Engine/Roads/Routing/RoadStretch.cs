using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>Finds stretches of road as people point at them. Not thread-safe: it keeps its search from one to the next.</summary>
/// <param name="index">The roads.</param>
public sealed class RoadStretch(RoadIndex index)
{
    /// <summary>How far from a road a point may lie, in metres.</summary>
    public const double MaxMeters = 50;

    private const int MaxCandidates = 8;

    private readonly Dijkstra _search = new(index.Graph);
    private readonly RoadMetric _freeFlow = RoadMetric.FreeFlow(index.Graph);

    /// <summary>
    /// The edges of a stretch: of one point, both directions of the segment it lies on; of several, those of the
    /// cheapest way at free flow from each to the next, whole ones also at both ends.
    /// </summary>
    /// <param name="path">At least one point, in the direction of driving.</param>
    /// <param name="bothDirections">Also the edges the other way, where they may be driven.</param>
    /// <param name="edges">Each once.</param>
    /// <returns>-1, or the index of the point that no road is near to, or that no way leads to from the one before.</returns>
    public int Find(ReadOnlySpan<GeoPoint> path, bool bothDirections, out ImmutableArray<int> edges)
    {
        edges = [];
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

        for (int point = 1; point < path.Length; point++)
        {
            if (_search.FindPath(_freeFlow, places[point - 1], places[point]) is not { } way)
            {
                return point;
            }

            found.UnionWith(way.Edges);
        }

        if (bothDirections)
        {
            found.UnionWith(found.Select(edge => edge ^ 1).Where(edge => index.Graph.KmhOf(edge) > 0).ToList());
        }

        edges = [.. found];
        return -1;
    }
}
