using RideTracking.Engine.Roads.Hours;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>The edges that are closed at some hours, as the map has it. Immutable.</summary>
public sealed class TimedEdges
{
    private readonly int[] _edges;
    private readonly int[] _hours;
    private readonly RoadHours[] _kinds;

    /// <param name="edges">One may be there several times: it is open when all its hours say so.</param>
    /// <param name="hours">Of each, an index among the kinds.</param>
    /// <param name="kinds">As <see cref="RoadHours"/> has them.</param>
    /// <exception cref="FormatException">A kind is none.</exception>
    internal TimedEdges(int[] edges, int[] hours, string[] kinds) =>
        (_edges, _hours, _kinds) = (edges, hours, Array.ConvertAll(kinds, kind => new RoadHours(kind)));

    /// <summary>Whether there are any.</summary>
    public bool AreNone => _edges.Length == 0;

    /// <summary>The edges that are closed at a time, in order, each once.</summary>
    /// <param name="local">By the clocks of the city.</param>
    public int[] ClosedAt(DateTime local)
    {
        bool[] isOpen = Array.ConvertAll(_kinds, kind => kind.IsOpenAt(local));
        return [.. _edges.Where((_, i) => !isOpen[_hours[i]]).Distinct().Order()];
    }
}
