namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>The arcs between each rank and higher ones, in one direction of driving; sorted by their upper ends.</summary>
/// <param name="First">Of each rank and one more: its first arc.</param>
/// <param name="Ends">The upper end of each arc.</param>
/// <param name="Turns">The turn that an arc is, as the graph counts turns; -1 when it stands only for ways over lower ranks.</param>
internal sealed record UpwardArcs(int[] First, int[] Ends, int[] Turns)
{
    public int Count => Ends.Length;

    /// <summary>The arc from a rank to one above it; it must be there.</summary>
    public int Find(int rank, int end) => Array.BinarySearch(Ends, First[rank], First[rank + 1] - First[rank], end);

    /// <summary>The first arc of a rank whose end is above another; that of the next rank when there is none.</summary>
    public int FirstAbove(int rank, int limit)
    {
        int low = First[rank], high = First[rank + 1];
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = Ends[middle] > limit ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
