using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// Brings a metric onto a hierarchy: rank by rank each arc gets the least of the time of its turn and of those of the ways
/// over lower ranks. The arcs of a rank are gathered in an array by their ends, so that finding an arc is one look.
/// A turn takes the time of the edge that it leaves and the turn's own delay.
/// </summary>
internal static class Customization
{
    private static readonly long Nothing = Pack(EdgeTime.Infinite, -1);

    public static CustomizedMetric Of(RoadHierarchy hierarchy, RoadMetric metric)
    {
        UpwardArcs outArcs = hierarchy.Out, inArcs = hierarchy.In;
        var outTimes = new ArcTimes(new int[outArcs.Count], new int[outArcs.Count]);
        var inTimes = new ArcTimes(new int[inArcs.Count], new int[inArcs.Count]);
        int[] edgeTimes = TimesByRank(hierarchy, metric);
        var best = new long[hierarchy.StateCount];
        for (int rank = 0; rank < edgeTimes.Length; rank++)
        {
            for (int arc = outArcs.First[rank]; arc < outArcs.First[rank + 1]; arc++)
            {
                best[outArcs.Ends[arc]] = OfTurn(hierarchy.Graph, outArcs.Turns[arc], edgeTimes[rank]);
            }

            Gather(hierarchy.OutTriangles.Of(rank), inTimes, outArcs, outTimes, best);
            Scatter(rank, outArcs, outTimes, best);
            for (int arc = inArcs.First[rank]; arc < inArcs.First[rank + 1]; arc++)
            {
                best[inArcs.Ends[arc]] = OfTurn(hierarchy.Graph, inArcs.Turns[arc], edgeTimes[inArcs.Ends[arc]]);
            }

            Gather(hierarchy.InTriangles.Of(rank), outTimes, inArcs, inTimes, best);
            Scatter(rank, inArcs, inTimes, best);
        }

        return new CustomizedMetric(hierarchy, metric, outTimes, inTimes);
    }

    private static int[] TimesByRank(RoadHierarchy hierarchy, RoadMetric metric)
    {
        int[] states = hierarchy.Tree.States;
        var times = new int[states.Length];
        for (int rank = 0; rank < times.Length; rank++)
        {
            times[rank] = EdgeTime.Whole(metric, hierarchy.Graph.EdgeOfState(states[rank]));
        }

        return times;
    }

    private static long OfTurn(RoadGraph graph, int turn, int edgeTime) =>
        turn < 0 || edgeTime == EdgeTime.Infinite
            ? Nothing
            : Pack(Math.Min(EdgeTime.Infinite, edgeTime + EdgeTime.OfTurn(graph.TurnDelay(turn))), -1);

    private static void Gather(
        ReadOnlySpan<LowerTriangles.Entry> triangles, ArcTimes before, UpwardArcs arcs, ArcTimes times, long[] best)
    {
        foreach (LowerTriangles.Entry each in triangles)
        {
            int first = before.Milliseconds[each.Arc];
            if (first >= EdgeTime.Infinite)
            {
                continue;
            }

            long start = Pack(first, each.Middle);
            int end = arcs.First[each.Middle + 1];
            ReadOnlySpan<int> ends = arcs.Ends.AsSpan(each.From, end - each.From);
            ReadOnlySpan<int> on = times.Milliseconds.AsSpan(each.From, end - each.From);
            for (int i = 0; i < ends.Length; i++)
            {
                ref long known = ref best[ends[i]];
                known = Math.Min(known, start + ((long)on[i] << 32));
            }
        }
    }

    private static void Scatter(int rank, UpwardArcs arcs, ArcTimes times, long[] best)
    {
        for (int arc = arcs.First[rank]; arc < arcs.First[rank + 1]; arc++)
        {
            long packed = best[arcs.Ends[arc]];
            times.Milliseconds[arc] = (int)(packed >> 32);
            times.Middles[arc] = (int)packed - 1;
        }
    }

    /// <summary>Milliseconds above a middle: the less of two packed ones is that of the shorter way, a turn before a detour.</summary>
    private static long Pack(int milliseconds, int middle) => (long)milliseconds << 32 | (uint)(middle + 1);
}
