using System.Collections.Concurrent;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing.Hierarchy;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// Cheapest ways and times over a road network at the times of one metric, which may be exchanged at any moment. The
/// metric is that of now: a way that takes an hour is planned as if nothing changed meanwhile. Thread-safe; a search in
/// progress finishes with the metric that it began with, and none waits for another.
/// <para>Times are in whole milliseconds; ways of six days or more count as none.</para>
/// </summary>
public sealed class RoadRouter
{
    private readonly ConcurrentBag<RouteSearch> _searches = []; // gives each thread what it put back itself
    private readonly ConcurrentBag<TableSearch> _tables = [];
    private readonly Lock _customizing = new();
    private CustomizedMetric _current;
    private int _newest;

    public RoadRouter(RoadHierarchy hierarchy, RoadMetric metric)
    {
        Hierarchy = hierarchy;
        _current = hierarchy.Customize(metric);
    }

    public RoadHierarchy Hierarchy { get; }

    public RoadGraph Graph => Hierarchy.Graph;

    /// <summary>What searches that begin now go by.</summary>
    public CustomizedMetric Current => Volatile.Read(ref _current);

    /// <summary>
    /// Goes by another metric from now on. Works for a fraction of a second on the caller's thread, while searches go on
    /// with the metric before.
    /// </summary>
    /// <returns>False when a newer call has overtaken this one, whose metric is then not used.</returns>
    public bool Use(RoadMetric metric)
    {
        int number = Interlocked.Increment(ref _newest);
        lock (_customizing)
        {
            if (number != Volatile.Read(ref _newest))
            {
                return false;
            }

            Volatile.Write(ref _current, Hierarchy.Customize(metric));
            return true;
        }
    }

    /// <summary>
    /// The cheapest way from any of some positions to any of others; null when there is none. On a street that may be
    /// driven both ways a place is two positions. Who stands on a closed edge may drive off it, at free flow; nobody is
    /// led onto one.
    /// </summary>
    public RoadPath? FindPath(ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to) => FindPath(Current, from, to);

    /// <summary>The same by a metric taken from <see cref="Current"/> before, so that several answers agree.</summary>
    public RoadPath? FindPath(CustomizedMetric metric, ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to)
    {
        RouteSearch search = _searches.TryTake(out RouteSearch? idle) ? idle : new RouteSearch(Hierarchy);
        RoadPath? path = search.FindPath(metric, from, to);
        _searches.Add(search);
        return path;
    }

    /// <summary>Milliseconds of the cheapest way; <see cref="RoadMetric.Unreachable"/> when there is none.</summary>
    public long FindMilliseconds(ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to) =>
        FindMilliseconds(Current, from, to);

    /// <summary>The same by a metric taken from <see cref="Current"/> before.</summary>
    public long FindMilliseconds(CustomizedMetric metric, ReadOnlySpan<RoadPosition> from, ReadOnlySpan<RoadPosition> to)
    {
        RouteSearch search = _searches.TryTake(out RouteSearch? idle) ? idle : new RouteSearch(Hierarchy);
        int milliseconds = search.FindMilliseconds(metric, from, to);
        _searches.Add(search);
        return milliseconds;
    }

    /// <summary>
    /// Milliseconds from each of some places to each of others: that from place i to place j at i × the number of the
    /// latter + j; <see cref="RoadMetric.Unreachable"/> where there is no way. A place is any number of positions, of
    /// which the best counts. Far cheaper than one search for each pair.
    /// </summary>
    public void Table(ReadOnlySpan<RoadPosition[]> from, ReadOnlySpan<RoadPosition[]> to, Span<int> milliseconds) =>
        Table(Current, from, to, milliseconds);

    /// <summary>The same by a metric taken from <see cref="Current"/> before.</summary>
    public void Table(
        CustomizedMetric metric, ReadOnlySpan<RoadPosition[]> from, ReadOnlySpan<RoadPosition[]> to, Span<int> milliseconds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds.Length, from.Length * to.Length);
        TableSearch search = _tables.TryTake(out TableSearch? idle) ? idle : new TableSearch(Hierarchy);
        search.Fill(metric, from, to, milliseconds);
        _tables.Add(search);
    }
}
