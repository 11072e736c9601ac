using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>A ring of fixes in rising order of sequence that grows up to its capacity. Not thread-safe.</summary>
internal sealed class FixQueue(int capacity)
{
    private Fix[] _ring = new Fix[Math.Min(capacity, 16)];
    private int _oldest;

    public int Capacity => capacity;

    public int Count { get; private set; }

    /// <param name="index">0 for the oldest.</param>
    public Fix this[int index] => _ring[(_oldest + index) % _ring.Length];

    public void Add(Fix fix)
    {
        if (Count == _ring.Length)
        {
            if (Count == capacity)
                throw new InvalidOperationException("The queue is full.");
            var larger = new Fix[Math.Min(capacity, _ring.Length * 2)];
            for (var i = 0; i < Count; i++)
                larger[i] = this[i];
            (_ring, _oldest) = (larger, 0);
        }
        _ring[(_oldest + Count++) % _ring.Length] = fix;
    }

    public Fix RemoveOldest()
    {
        var fix = _ring[_oldest];
        _ring[_oldest] = null!;
        _oldest = (_oldest + 1) % _ring.Length;
        Count--;
        return fix;
    }

    /// <summary>Index of the oldest fix after a sequence; <see cref="Count"/> when there is none.</summary>
    public int IndexAfter(ulong sequence)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (this[middle].Sequence > sequence)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
}
