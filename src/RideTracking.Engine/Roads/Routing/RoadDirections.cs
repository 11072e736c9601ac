using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// What a driver needs of a path: its line and its streets. The times of the steps add up to that of the path exactly,
/// their lengths to its length.
/// </summary>
internal sealed class RoadDirections
{
    private readonly RoadGraph _graph;
    private readonly RoadMetric _metric;
    private readonly ImmutableArray<RouteStep>.Builder _steps = ImmutableArray.CreateBuilder<RouteStep>();
    private string? _street;
    private double _meters;
    private long _milliseconds;

    private RoadDirections(RoadGraph graph, RoadMetric metric) => (_graph, _metric) = (graph, metric);

    /// <summary>The leg that a path is, by the metric with which it was found; its points are added to a line.</summary>
    public static RouteLeg Of(RoadGraph graph, RoadMetric metric, RoadPath path, List<GeoPoint> line)
    {
        var directions = new RoadDirections(graph, metric);
        for (int i = 0; i < path.Edges.Length; i++)
        {
            directions.Drive(path, i, line);
        }

        directions.EndStep();
        ImmutableArray<RouteStep> steps = directions._steps.ToImmutable();
        double meters = 0;
        foreach (RouteStep step in steps)
        {
            meters += step.DistanceMeters;
        }

        return new RouteLeg(meters, TimeSpan.FromMilliseconds(path.Milliseconds)) { Steps = steps };
    }

    private void Drive(RoadPath path, int index, List<GeoPoint> line)
    {
        int edge = path.Edges[index];
        bool isFirst = index == 0, isLast = index == path.Edges.Length - 1;
        string street = _graph.NameOf(edge >> 1);
        if (street != _street)
        {
            EndStep();
            _street = street;
        }

        double from = isFirst ? Math.Clamp(path.Start.Fraction, 0, 1) : 0;
        double to = isLast ? Math.Clamp(path.End.Fraction, 0, 1) : 1;
        // As at the start, also on the closed streets of a way out.
        int whole = EdgeTime.WholeOfFirst(_graph, _metric, edge);
        _meters += (to - from) * _graph.LengthMeters(edge);
        _milliseconds += EdgeTime.Behind(whole, to) - EdgeTime.Behind(whole, from);
        _milliseconds += isFirst ? 0 : TurnMilliseconds(path.Edges[index - 1], edge);
        EdgeLine.Add(_graph, edge, from, to, line);
    }

    private void EndStep()
    {
        if (_street is not null)
        {
            _steps.Add(new RouteStep(_street, _meters, TimeSpan.FromMilliseconds(_milliseconds)));
            (_meters, _milliseconds) = (0, 0);
        }
    }

    /// <summary>Further states of an edge have some of its turns, with the same delays.</summary>
    private int TurnMilliseconds(int edge, int next)
    {
        ReadOnlySpan<int> turns = _graph.TurnsFrom(edge);
        for (int i = 0; i < turns.Length; i++)
        {
            if (_graph.EdgeOfState(turns[i]) == next)
            {
                return EdgeTime.OfTurn(_graph.TurnDelaysFrom(edge)[i]);
            }
        }

        throw new ArgumentException($"No turn leads from edge {edge} to edge {next}.", nameof(next));
    }
}
