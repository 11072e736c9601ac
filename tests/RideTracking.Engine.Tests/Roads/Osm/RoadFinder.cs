using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>Finds the edges of an imported graph by way and by the letters of its junctions.</summary>
internal static class RoadFinder
{
    /// <summary>The edge between two nodes, or null when there is no segment.</summary>
    public static int? Edge(this RoadGraph graph, string nodes, long? way = null)
    {
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            if (graph.JunctionId(graph.TailOf(edge)) == nodes[0] && graph.JunctionId(graph.HeadOf(edge)) == nodes[1]
                && graph.Segment(edge >> 1).WayId == (way ?? graph.Segment(edge >> 1).WayId))
            {
                return edge;
            }
        }

        return null;
    }

    /// <summary>Speed from a node to another in km/h; 0 when nobody may drive so, or there is no road.</summary>
    public static int Kmh(this RoadGraph graph, string nodes, long? way = null) => graph.Edge(nodes, way) is { } edge ? graph.KmhOf(edge) : 0;

    public static RoadSegment? Way(this RoadGraph graph, long way) =>
        Enumerable.Range(0, graph.SegmentCount).Select(each => graph.Segment(each)).Where(each => each.WayId == way)
            .Select(each => (RoadSegment?)each).FirstOrDefault();

    /// <summary>The nodes that the turns out of an edge lead to, in alphabetical order.</summary>
    public static string TurnsFrom(this RoadGraph graph, string nodes) =>
        string.Concat(graph.TurnsFrom(graph.Edge(nodes)!.Value).ToArray()
            .Select(state => (char)graph.JunctionId(graph.HeadOf(graph.EdgeOfState(state)))).Order());
}
