namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// For each rank the ways over lower ranks that its arcs in one direction stand for: into or out of a lower rank by
/// <see cref="Entry.Arc"/>, and on by each of that rank's arcs of the other direction from <see cref="Entry.From"/> to its last.
/// </summary>
internal sealed class LowerTriangles
{
    private readonly int[] _first;
    private readonly Entry[] _entries;

    /// <param name="arcs">The direction of the first arc, which joins the lower rank to the rank in question.</param>
    /// <param name="others">The direction of the second.</param>
    public LowerTriangles(UpwardArcs arcs, UpwardArcs others)
    {
        int ranks = arcs.First.Length - 1;
        _first = new int[ranks + 1];
        ForEach(arcs, others, (upper, _) => _first[upper + 1]++);
        for (int rank = 0; rank < ranks; rank++)
        {
            _first[rank + 1] += _first[rank];
        }

        _entries = new Entry[_first[ranks]];
        int[] next = _first[..ranks];
        ForEach(arcs, others, (upper, entry) => _entries[next[upper]++] = entry);
    }

    /// <param name="Middle">The lower rank.</param>
    /// <param name="Arc">Between it and the rank in question.</param>
    /// <param name="From">The first of its arcs of the other direction that end above the rank in question.</param>
    public readonly record struct Entry(int Middle, int Arc, int From);

    public ReadOnlySpan<Entry> Of(int rank) => _entries.AsSpan(_first[rank].._first[rank + 1]);

    private static void ForEach(UpwardArcs arcs, UpwardArcs others, Action<int, Entry> found)
    {
        for (int middle = 0; middle < arcs.First.Length - 1; middle++)
        {
            for (int arc = arcs.First[middle]; arc < arcs.First[middle + 1]; arc++)
            {
                int upper = arcs.Ends[arc];
                int from = others.FirstAbove(middle, upper);
                if (from < others.First[middle + 1])
                {
                    found(upper, new Entry(middle, arc, from));
                }
            }
        }
    }
}
