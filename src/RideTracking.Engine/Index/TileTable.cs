namespace RideTracking.Engine.Index;

/// <summary>
/// The tiles that have or had somebody in them, by key: open addressing, found without a lock. Its version tells
/// searches that a tile they found missing may have come to be.
/// </summary>
internal sealed class TileTable
{
    // Below this many tiles, empty ones are not worth the searches that a clean-up makes run again.
    private const int MinTilesForCleanup = 4096;

    private readonly Lock _changing = new();
    private volatile Tile?[] _tiles = new Tile?[256]; // a power of two, at most half full

    /// <summary>How many tiles there are, empty ones included.</summary>
    public int Count { get; private set; }

    /// <summary>How many drivers all cells have room for.</summary>
    public int RoomInCells => _tiles.Sum(tile => tile?.Cells.Sum(cell => cell.Data.Capacity) ?? 0);

    /// <summary>Its version changes when tiles come or go.</summary>
    public SeqLock Version;

    /// <summary>The tile, or null when nobody ever was in it.</summary>
    public Tile? Find(long key) => Find(_tiles, key, out _);

    /// <summary>The tile, made if it is missing. It may be retired by the time the caller has its lock.</summary>
    public Tile GetOrAdd(long key) => Find(key) ?? Add(key);

    /// <summary>Tidies every tile, and drops the empty ones when they are many: drivers leave a trail of them.</summary>
    public void CleanUp(SlotTable<DriverRecord> records, EarthGrid grid)
    {
        lock (_changing)
        {
            int empty = 0;
            foreach (Tile? tile in _tiles)
            {
                if (tile is not null)
                {
                    empty += tile.Count == 0 ? 1 : 0;
                    Tidy(tile, records, grid);
                }
            }

            if (Count < MinTilesForCleanup || empty < Count / 2)
            {
                return;
            }

            var kept = new List<Tile>();
            foreach (Tile? tile in _tiles)
            {
                if (tile is not null && !Retire(tile))
                {
                    kept.Add(tile);
                }
            }

            int length = _tiles.Length;
            while (length > 256 && kept.Count * 4 <= length)
            {
                length /= 2;
            }

            Publish(kept, new Tile?[length]);
            Count = kept.Count;
        }
    }

    private static void Tidy(Tile tile, SlotTable<DriverRecord> records, EarthGrid grid)
    {
        tile.Lock.Enter();
        if (tile.Tidy(records, grid))
        {
            tile.Lock.Exit();
        }
        else
        {
            tile.Lock.ExitUnchanged();
        }
    }

    private static bool Retire(Tile tile)
    {
        tile.Lock.Enter();
        tile.IsRetired = tile.Count == 0;
        tile.Lock.Exit();
        return tile.IsRetired;
    }

    private Tile Add(long key)
    {
        lock (_changing)
        {
            if (Find(_tiles, key, out int free) is { } existing)
            {
                return existing;
            }

            var tile = new Tile(key);
            if ((Count + 1) * 2 > _tiles.Length)
            {
                Publish([.. _tiles.OfType<Tile>(), tile], new Tile?[_tiles.Length * 2]);
            }
            else
            {
                Version.Enter();
                Volatile.Write(ref _tiles[free], tile);
                Version.Exit();
            }

            Count++;
            return tile;
        }
    }

    private void Publish(IEnumerable<Tile> tiles, Tile?[] table)
    {
        foreach (Tile tile in tiles)
        {
            Find(table, tile.Key, out int free);
            table[free] = tile;
        }

        Version.Enter();
        _tiles = table;
        Version.Exit();
    }

    private static Tile? Find(Tile?[] tiles, long key, out int position)
    {
        int mask = tiles.Length - 1;
        // Two multiplications with a fold between them: neighbouring tiles are a lattice, and one multiplication keeps it,
        // in long runs of taken places.
        const ulong factor = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)key * factor;
        hash = (hash ^ hash >> 32) * factor;
        for (position = (int)(hash >> 32) & mask; ; position = (position + 1) & mask)
        {
            Tile? tile = Volatile.Read(ref tiles[position]);
            if (tile is null || tile.Key == key)
            {
                return tile;
            }
        }
    }
}
