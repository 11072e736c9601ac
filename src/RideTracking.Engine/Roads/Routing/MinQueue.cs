namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// A priority queue of (milliseconds, state) pairs: a heap with four children a node, shallower and kinder to the cache
/// than one with two (LaMarca and Ladner, 1996). The same state may be in it several times; who takes it out knows
/// which one is out of date. Not thread-safe.
/// </summary>
internal sealed class MinQueue
{
    private long[] _heap = new long[1_024];

    public int Count { get; private set; }

    /// <summary>The smallest milliseconds; only while there is anything.</summary>
    public int LeastMilliseconds => (int)(_heap[0] >> 32);

    public void Clear() => Count = 0;

    public void Add(int milliseconds, int state)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * _heap.Length);
        }

        long added = (long)milliseconds << 32 | (uint)state;
        long[] heap = _heap;
        int at = Count++;
        while (at > 0 && heap[(at - 1) >> 2] is var parent && parent > added)
        {
            heap[at] = parent;
            at = (at - 1) >> 2;
        }

        heap[at] = added;
    }

    /// <summary>Takes out the pair with the smallest milliseconds; only while there is anything.</summary>
    public (int Milliseconds, int State) Take()
    {
        long[] heap = _heap;
        long taken = heap[0];
        long last = heap[--Count];
        int at = 0;
        for (int child = 1; child < Count; child = 4 * at + 1)
        {
            int least = child;
            for (int other = child + 1; other < Math.Min(child + 4, Count); other++)
            {
                least = heap[other] < heap[least] ? other : least;
            }

            if (heap[least] >= last)
            {
                break;
            }

            heap[at] = heap[least];
            at = least;
        }

        heap[at] = last;
        return ((int)(taken >> 32), (int)taken);
    }
}
