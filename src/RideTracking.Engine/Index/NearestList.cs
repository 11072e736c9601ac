namespace RideTracking.Engine.Index;

/// <summary>
/// The nearest drivers so far, nearest first, in a buffer that each thread keeps. For the ten or so that are wanted,
/// making room by moving a few is faster than a heap.
/// </summary>
internal ref struct NearestList
{
    [ThreadStatic]
    private static Candidate[]? t_buffer;

    private readonly Span<Candidate> _candidates;

    public NearestList(int wanted)
    {
        if (t_buffer is null || t_buffer.Length < wanted)
        {
            t_buffer = new Candidate[Math.Max(wanted, 32)];
        }

        _candidates = t_buffer.AsSpan(0, wanted);
    }

    public int Count { get; private set; }

    public readonly bool IsFull => Count == _candidates.Length;

    /// <summary>Of the last one; only when there is one.</summary>
    public readonly double Farthest => _candidates[Count - 1].Haversine;

    public readonly ReadOnlySpan<Candidate> Candidates => _candidates[..Count];

    public void Clear() => Count = 0;

    /// <summary>Adds a driver, in place of the farthest when the list is full; the caller has seen that it is nearer.</summary>
    public void Add(in Candidate candidate)
    {
        int hole = IsFull ? Count - 1 : Count++;
        while (hole > 0 && _candidates[hole - 1].Haversine > candidate.Haversine)
        {
            _candidates[hole] = _candidates[hole - 1];
            hole--;
        }

        _candidates[hole] = candidate;
    }
}

/// <summary>A driver where a search met it.</summary>
internal readonly record struct Candidate(double Haversine, Place Place, long FixedAtUnixMs, int Slot);
