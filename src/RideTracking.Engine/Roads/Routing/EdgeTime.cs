using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// Whole milliseconds of parts of edges and of turns. Every algorithm takes them from here, so that all of them find
/// the same cost to the millisecond.
/// </summary>
internal static class EdgeTime
{
    /// <summary>
    /// Stands for "no way". Twice of it is still an int; ways that take half of it (six days) or longer count as none.
    /// </summary>
    public const int Infinite = int.MaxValue / 2;

    /// <summary>What is below is a way.</summary>
    public const int Limit = Infinite / 2;

    /// <summary>Milliseconds over the whole edge, or <see cref="Infinite"/> when it is closed.</summary>
    public static int Whole(RoadMetric metric, int edge) => metric[edge] < Limit ? metric[edge] : Infinite;

    /// <summary>Of the milliseconds over a whole edge, those that lie behind a place on it.</summary>
    public static int Behind(int whole, double fraction) => (int)(whole * Math.Clamp(fraction, 0, 1));

    /// <summary>
    /// Milliseconds over the whole of an edge where a way starts: who stands on a closed road may drive off, at free
    /// flow. <see cref="Infinite"/> where nobody ever drives that way.
    /// </summary>
    public static int WholeOfFirst(RoadGraph graph, RoadMetric metric, int edge) =>
        graph.KmhOf(edge) == 0 ? Infinite
        : metric[edge] < Limit ? metric[edge]
        : graph.FreeFlowMilliseconds(edge);

    /// <summary>
    /// Milliseconds from one place to another on the same edge, ahead of it; <see cref="Infinite"/> when it is not.
    /// Nothing is shorter than driving on: any other way drives the rest of the edge first.
    /// </summary>
    public static int Ahead(RoadGraph graph, RoadMetric metric, RoadPosition from, RoadPosition to)
    {
        if (from.Edge != to.Edge || !(to.Fraction >= from.Fraction))
        {
            return Infinite;
        }

        int whole = WholeOfFirst(graph, metric, from.Edge);
        return whole == Infinite ? Infinite : Behind(whole, to.Fraction) - Behind(whole, from.Fraction);
    }

    /// <summary>Milliseconds that a turn takes.</summary>
    public static int OfTurn(byte tenthsOfSecond) => 100 * tenthsOfSecond;
}
