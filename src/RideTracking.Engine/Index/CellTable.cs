namespace RideTracking.Engine.Index;

/// <summary>
/// The cells that have or had somebody in them, by key: open addressing, found without a lock. Its version tells
/// searches that a cell they found missing may have come to be.
/// </summary>
internal sealed class CellTable
{
    // Below this many cells, empty ones are not worth the searches that a clean-up makes run again.
    private const int MinCellsForCleanup = 4096;

    private readonly Lock _changing = new();
    private volatile Cell?[] _cells = new Cell?[256]; // a power of two, at most half full

    /// <summary>How many cells there are, empty ones included.</summary>
    public int Count { get; private set; }

    /// <summary>Its version changes when cells come or go.</summary>
    public SeqLock Version;

    /// <summary>The cell, or null when nobody ever was in it.</summary>
    public Cell? Find(long key) => Find(_cells, key, out _);

    /// <summary>The cell, made if it is missing. It may be retired by the time the caller has its lock.</summary>
    public Cell GetOrAdd(long key) => Find(key) ?? Add(key);

    /// <summary>Drops the empty cells when they are many: drivers leave a trail of them.</summary>
    public void CleanUp()
    {
        lock (_changing)
        {
            if (Count < MinCellsForCleanup || _cells.Count(cell => cell is { Count: 0 }) < Count / 2)
            {
                return;
            }

            var kept = new List<Cell>();
            foreach (Cell? cell in _cells)
            {
                if (cell is not null && !Retire(cell))
                {
                    kept.Add(cell);
                }
            }

            int length = _cells.Length;
            while (length > 256 && kept.Count * 4 <= length)
            {
                length /= 2;
            }

            Publish(kept, new Cell?[length]);
            Count = kept.Count;
        }
    }

    private static bool Retire(Cell cell)
    {
        cell.Lock.Enter();
        cell.IsRetired = cell.Count == 0;
        cell.Lock.Exit();
        return cell.IsRetired;
    }

    private Cell Add(long key)
    {
        lock (_changing)
        {
            if (Find(_cells, key, out int free) is { } existing)
            {
                return existing;
            }

            var cell = new Cell(key);
            if ((Count + 1) * 2 > _cells.Length)
            {
                Publish([.. _cells.OfType<Cell>(), cell], new Cell?[_cells.Length * 2]);
            }
            else
            {
                Version.Enter();
                Volatile.Write(ref _cells[free], cell);
                Version.Exit();
            }

            Count++;
            return cell;
        }
    }

    private void Publish(IEnumerable<Cell> cells, Cell?[] table)
    {
        foreach (Cell cell in cells)
        {
            Find(table, cell.Key, out int free);
            table[free] = cell;
        }

        Version.Enter();
        _cells = table;
        Version.Exit();
    }

    private static Cell? Find(Cell?[] cells, long key, out int position)
    {
        int mask = cells.Length - 1;
        // Two multiplications with a fold between them: neighbouring cells are a lattice, and one multiplication keeps it,
        // in long runs of taken places.
        const ulong factor = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)key * factor;
        hash = (hash ^ hash >> 32) * factor;
        for (position = (int)(hash >> 32) & mask; ; position = (position + 1) & mask)
        {
            Cell? cell = Volatile.Read(ref cells[position]);
            if (cell is null || cell.Key == key)
            {
                return cell;
            }
        }
    }
}
