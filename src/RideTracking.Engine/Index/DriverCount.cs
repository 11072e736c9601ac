namespace RideTracking.Engine.Index;

/// <summary>How many drivers a search counted.</summary>
/// <param name="Drivers">So many.</param>
/// <param name="IsAtLeast">It stopped counting, so there may be more.</param>
public readonly record struct DriverCount(int Drivers, bool IsAtLeast);

/// <summary>Counts up to a number, and looks at so many drivers at most.</summary>
internal struct BoundedCount(int most) : IFound
{
    // A fifth of a millisecond.
    private const int MaxLookedAt = 20_000;

    private int _lookedAt;

    public int Count { get; private set; }

    /// <summary>Somebody was not counted, or not looked at.</summary>
    public bool IsAtLeast { get; private set; }

    public bool HasEnough(int ahead)
    {
        _lookedAt += ahead;
        IsAtLeast |= Count == most || _lookedAt > MaxLookedAt;
        return IsAtLeast;
    }

    public void Clear() => (_lookedAt, Count, IsAtLeast) = (0, 0, false);

    public void Add(int slot, Place place)
    {
        if (Count < most)
        {
            Count++;
        }
        else
        {
            IsAtLeast = true;
        }
    }
}
