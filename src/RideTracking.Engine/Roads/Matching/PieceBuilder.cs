using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>A piece of a drive while it grows.</summary>
internal sealed class PieceBuilder(RoadGraph graph, RoadPosition start)
{
    private readonly List<DrivenEdge> _edges = [new DrivenEdge(start.Edge, start.Fraction, start.Fraction)];
    private readonly List<double> _along = [0]; // where each edge begins

    public double LengthMeters { get; private set; }

    public GeoPoint Start => EdgeShape.PointAt(graph, new RoadPosition(_edges[0].Edge, _edges[0].From));

    public GeoPoint End => EdgeShape.PointAt(graph, new RoadPosition(_edges[^1].Edge, _edges[^1].To));

    /// <summary>Adds a stretch that goes on where the last one ends.</summary>
    public void Add(DrivenEdge stretch)
    {
        if (stretch.To <= stretch.From)
        {
            return;
        }

        DrivenEdge last = _edges[^1];
        if (last.Edge == stretch.Edge && last.To == stretch.From)
        {
            _edges[^1] = last with { To = stretch.To };
        }
        else
        {
            _edges.Add(stretch);
            _along.Add(LengthMeters);
        }

        LengthMeters += Length(stretch);
    }

    public DrivenPiece Build()
    {
        // Where it starts at an edge's end, or turns round at once, nothing of that edge was driven.
        int first = _edges.Count > 1 && _edges[0].From == _edges[0].To ? 1 : 0;
        return new DrivenPiece([.. _edges.Skip(first)], LengthMeters);
    }

    /// <summary>The nearest place to a point on a part of the piece.</summary>
    public MatchedFix Nearest(GeoPoint point, double from, double to, int piece)
    {
        int i = _along.BinarySearch(from);
        i = Math.Max(0, i >= 0 ? i : ~i - 1);
        var best = new MatchedFix(piece, default, from, double.PositiveInfinity);
        for (int first = i; i < _edges.Count && (i == first || _along[i] < to); i++)
        {
            DrivenEdge edge = _edges[i];
            double length = graph.LengthMeters(edge.Edge);
            double low = Math.Clamp(edge.From + (from - _along[i]) / length, edge.From, edge.To);
            double high = Math.Clamp(edge.From + (to - _along[i]) / length, low, edge.To);
            (double fraction, double distance) = EdgeShape.Nearest(graph, new DrivenEdge(edge.Edge, low, high), point);
            if (distance < best.DistanceMeters)
            {
                double along = Math.Clamp(_along[i] + (fraction - edge.From) * length, from, to);
                best = new MatchedFix(piece, new RoadPosition(edge.Edge, fraction), along, distance);
            }
        }

        return best;
    }

    private double Length(DrivenEdge stretch) => (stretch.To - stretch.From) * graph.LengthMeters(stretch.Edge);
}
