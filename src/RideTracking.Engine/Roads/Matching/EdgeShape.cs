using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>The line of an edge in its direction of driving: places, courses and the nearest place to a point.</summary>
internal static class EdgeShape
{
    /// <summary>The place on the road.</summary>
    public static GeoPoint PointAt(RoadGraph graph, RoadPosition position)
    {
        (GeoPoint from, GeoPoint to, double share) = PartAt(graph, position);
        return from.Toward(to, share);
    }

    /// <summary>The direction of driving there, in degrees clockwise from north.</summary>
    public static double CourseAt(RoadGraph graph, RoadPosition position)
    {
        (GeoPoint from, GeoPoint to, _) = PartAt(graph, position);
        return Earth.BearingDegrees(from, to);
    }

    /// <summary>The nearest place to a point on a stretch of an edge, as a fraction of the edge, and how far away in metres.</summary>
    public static (double Fraction, double DistanceMeters) Nearest(RoadGraph graph, DrivenEdge stretch, GeoPoint point)
    {
        int segment = stretch.Edge >> 1, count = graph.PointCount(segment);
        double scale = Math.Cos(point.LatitudeDegrees * Math.PI / 180);
        double total = graph.LengthMeters(stretch.Edge), behind = 0;
        (double best, double square) = (stretch.From, double.PositiveInfinity);
        GeoPoint from = At(graph, stretch.Edge, 0, count);
        for (int i = 1; i < count; i++)
        {
            GeoPoint to = At(graph, stretch.Edge, i, count);
            double length = Earth.DistanceMeters(from, to) / total;
            double low = Math.Max(stretch.From, behind), high = Math.Min(stretch.To, i == count - 1 ? 1 : behind + length);
            if (low <= high)
            {
                double east = Earth.TurnDegrees(from.LongitudeDegrees, to.LongitudeDegrees) * scale;
                double north = to.LatitudeDegrees - from.LatitudeDegrees;
                double pointEast = Earth.TurnDegrees(from.LongitudeDegrees, point.LongitudeDegrees) * scale;
                double pointNorth = point.LatitudeDegrees - from.LatitudeDegrees;
                double lengthSquare = east * east + north * north;
                double share = lengthSquare > 0 ? (pointEast * east + pointNorth * north) / lengthSquare : 0;
                double fraction = Math.Clamp(behind + share * length, low, high);
                share = length > 0 ? (fraction - behind) / length : 0;
                double offEast = pointEast - share * east, offNorth = pointNorth - share * north;
                if (offEast * offEast + offNorth * offNorth < square)
                {
                    square = offEast * offEast + offNorth * offNorth;
                    best = fraction;
                }
            }

            behind += length;
            from = to;
        }

        return (best, Math.Sqrt(square) * Earth.MetersPerDegree);
    }

    private static (GeoPoint From, GeoPoint To, double Share) PartAt(RoadGraph graph, RoadPosition position)
    {
        int count = graph.PointCount(position.Segment);
        double left = position.Fraction * graph.LengthMeters(position.Edge);
        GeoPoint from = At(graph, position.Edge, 0, count);
        for (int i = 1; ; i++)
        {
            GeoPoint to = At(graph, position.Edge, i, count);
            double length = Earth.DistanceMeters(from, to);
            if (left <= length && length > 0 || i == count - 1)
            {
                return (from, to, length > 0 ? Math.Clamp(left / length, 0, 1) : 0);
            }

            left -= length;
            from = to;
        }
    }

    private static GeoPoint At(RoadGraph graph, int edge, int index, int count) =>
        graph.PointOf(edge >> 1, (edge & 1) == 0 ? index : count - 1 - index);
}
