namespace RideTracking.Engine.Index;

/// <summary>
/// One value for each slot, growing by chunks that never move, so that references stay good and readers need no lock.
/// </summary>
internal sealed class SlotTable<T>
{
    private const int ChunkBits = 10;
    private const int ChunkLength = 1 << ChunkBits;

    private readonly Lock _growing = new();
    private volatile T[][] _chunks = [];

    /// <summary>Slots from 0 to below this exist.</summary>
    public int Capacity => _chunks.Length << ChunkBits;

    /// <summary>The value of a slot that exists.</summary>
    public ref T this[int slot] => ref _chunks[slot >> ChunkBits][slot & (ChunkLength - 1)];

    /// <summary>Whether the slot exists.</summary>
    public bool Contains(int slot) => (uint)slot < (uint)Capacity;

    /// <summary>The value of a slot, which from now on exists.</summary>
    public ref T GetOrAdd(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        if (!Contains(slot))
        {
            Grow(slot);
        }

        return ref this[slot];
    }

    private void Grow(int slot)
    {
        lock (_growing)
        {
            T[][] chunks = _chunks;
            int before = chunks.Length;
            int needed = (slot >> ChunkBits) + 1;
            if (needed <= before)
            {
                return;
            }

            Array.Resize(ref chunks, needed);
            for (int added = before; added < needed; added++)
            {
                chunks[added] = new T[ChunkLength];
            }

            _chunks = chunks;
        }
    }
}
