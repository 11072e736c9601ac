using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// How long each edge takes at one time: what speeds and closures come to. Immutable; delays of turns are the graph's.
/// </summary>
public sealed class RoadMetric
{
    /// <summary>The time of an edge that nobody may drive.</summary>
    public const int Closed = int.MaxValue;

    private readonly int[] _edgeMilliseconds;

    /// <param name="edgeMilliseconds">For each edge, from 1 up, or <see cref="Closed"/>. Not to be changed afterwards.</param>
    public RoadMetric(int[] edgeMilliseconds) => _edgeMilliseconds = edgeMilliseconds;

    /// <summary>Driving time over a whole edge in milliseconds, at least 1, or <see cref="Closed"/>.</summary>
    public int this[int edge] => _edgeMilliseconds[edge];

    /// <summary>For each edge.</summary>
    public ReadOnlySpan<int> EdgeMilliseconds => _edgeMilliseconds;

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
