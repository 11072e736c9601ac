using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>The points of a stretch of an edge, in the direction of driving.</summary>
internal static class EdgeLine
{
    /// <summary>Adds the points from one fraction of an edge to another, both included; never the same point twice running.</summary>
    public static void Add(RoadGraph graph, int edge, double from, double to, List<GeoPoint> line)
    {
        int count = graph.PointCount(edge >> 1);
        double total = 0;
        for (int i = 1; i < count; i++)
        {
            total += Earth.DistanceMeters(PointAt(graph, edge, i - 1, count), PointAt(graph, edge, i, count));
        }

        // By the length of the shape itself: the segment's is rounded.
        double start = from * total, end = to * total, behind = 0;
        for (int i = 1; i < count; i++)
        {
            GeoPoint first = PointAt(graph, edge, i - 1, count), second = PointAt(graph, edge, i, count);
            double length = Earth.DistanceMeters(first, second);
            bool isLast = i == count - 1;
            if (start <= behind + length || isLast)
            {
                AddPoint(Between(first, second, length, start - behind), line);
                if (end <= behind + length || isLast)
                {
                    AddPoint(Between(first, second, length, end - behind), line);
                    return;
                }
            }

            behind += length;
        }
    }

    private static GeoPoint Between(GeoPoint first, GeoPoint second, double length, double meters) =>
        first.Toward(second, length > 0 ? meters / length : 0);

    private static void AddPoint(GeoPoint point, List<GeoPoint> line)
    {
        if (line.Count == 0 || line[^1] != point)
        {
            line.Add(point);
        }
    }

    private static GeoPoint PointAt(RoadGraph graph, int edge, int index, int count) =>
        graph.PointOf(edge >> 1, (edge & 1) == 0 ? index : count - 1 - index);
}
