using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>
/// The nearest drivers so far, as a heap in the caller's span with the farthest on top. Until <see cref="Sort"/> the
/// distances are haversines.
/// </summary>
internal ref struct NearestHeap(Span<NearbyDriver> drivers)
{
    private readonly Span<NearbyDriver> _drivers = drivers;

    public int Count { get; private set; }

    public readonly bool IsFull => Count == _drivers.Length;

    public readonly double Farthest => _drivers[0].DistanceMeters;

    public void Clear() => Count = 0;

    /// <summary>Adds a driver, in place of the farthest when the heap is full; the caller has seen that it is nearer.</summary>
    public void Add(in NearbyDriver driver)
    {
        if (IsFull)
        {
            SiftDown(driver, Count);
            return;
        }

        int hole = Count++;
        while (hole > 0)
        {
            int parent = (hole - 1) / 2;
            if (_drivers[parent].DistanceMeters >= driver.DistanceMeters)
            {
                break;
            }

            _drivers[hole] = _drivers[parent];
            hole = parent;
        }

        _drivers[hole] = driver;
    }

    /// <summary>Turns the heap into a list, nearest first, with distances in metres.</summary>
    public readonly void Sort()
    {
        for (int last = Count - 1; last > 0; last--)
        {
            NearbyDriver driver = _drivers[last];
            _drivers[last] = _drivers[0];
            SiftDown(driver, last);
        }

        foreach (ref NearbyDriver driver in _drivers[..Count])
        {
            driver = driver with { DistanceMeters = Earth.DistanceOfHaversine(driver.DistanceMeters) };
        }
    }

    /// <summary>Puts a driver on top of a heap of some length and lets it sink to where it belongs.</summary>
    private readonly void SiftDown(in NearbyDriver driver, int length)
    {
        int hole = 0;
        while (true)
        {
            int child = 2 * hole + 1;
            if (child + 1 < length && _drivers[child + 1].DistanceMeters > _drivers[child].DistanceMeters)
            {
                child++;
            }

            if (child >= length || _drivers[child].DistanceMeters <= driver.DistanceMeters)
            {
                break;
            }

            _drivers[hole] = _drivers[child];
            hole = child;
        }

        _drivers[hole] = driver;
    }
}
