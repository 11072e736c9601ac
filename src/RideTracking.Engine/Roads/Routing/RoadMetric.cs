using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// How long each edge takes at one time: what speeds and closures come to. Immutable; delays of turns are the graph's.
/// </summary>
public sealed class RoadMetric
{
    /// <summary>The time of an edge that nobody may drive.</summary>
    public const int Closed = int.MaxValue;

    /// <summary>What searches give for the time to where no way leads.</summary>
    public const int Unreachable = int.MaxValue;

    private readonly int[] _edgeMilliseconds;

    /// <param name="edgeMilliseconds">For each edge, from 1 up, or <see cref="Closed"/>. Not to be changed afterwards.</param>
    public RoadMetric(int[] edgeMilliseconds) => _edgeMilliseconds = edgeMilliseconds;

    /// <summary>Driving time over a whole edge in milliseconds, at least 1, or <see cref="Closed"/>.</summary>
    public int this[int edge] => _edgeMilliseconds[edge];

    /// <summary>For each edge.</summary>
    public ReadOnlySpan<int> EdgeMilliseconds => _edgeMilliseconds;

    /// <summary>This metric with some edges closed, slowed or sped up; of several changes of one edge the last counts.</summary>
    public RoadMetric With(RoadGraph graph, IEnumerable<RoadChange> changes)
    {
        var milliseconds = (int[])_edgeMilliseconds.Clone();
        foreach (RoadChange change in changes)
        {
            milliseconds[change.Edge] = change.Apply(graph, _edgeMilliseconds[change.Edge]);
        }

        return new RoadMetric(milliseconds);
    }

    /// <summary>Free-flow speeds, nothing closed.</summary>
    public static RoadMetric FreeFlow(RoadGraph graph)
    {
        var milliseconds = new int[graph.EdgeCount];
        for (int edge = 0; edge < milliseconds.Length; edge++)
        {
            milliseconds[edge] = graph.KmhOf(edge) == 0 ? Closed : graph.FreeFlowMilliseconds(edge);
        }

        return new RoadMetric(milliseconds);
    }
}
