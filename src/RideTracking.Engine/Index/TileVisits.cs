namespace RideTracking.Engine.Index;

/// <summary>
/// The tiles that one search has looked at, with their versions. When all of them still hold at its end, the search saw
/// the world as it was at one moment: nobody twice, nobody missing.
/// </summary>
internal ref struct TileVisits(TileTable tiles)
{
    // Kept by each thread, so that a search allocates nothing.
    [ThreadStatic]
    private static Visit[]? t_visits;

    private Visit[] _visits = t_visits ??= new Visit[64];
    private int _count;
    private int _tableVersion;

    /// <summary>Starts over.</summary>
    public void Begin()
    {
        _count = 0;
        _tableVersion = tiles.Version.ReadVersion();
    }

    /// <summary>The cells of a tile; none when it does not exist.</summary>
    public Cell[] LookInto(long key)
    {
        if (tiles.Find(key) is not { } tile)
        {
            return [];
        }

        if (_count == _visits.Length)
        {
            Array.Resize(ref _visits, _count * 2);
            t_visits = _visits;
        }

        _visits[_count++] = new Visit(tile, tile.Lock.ReadVersion());
        return tile.Cells;
    }

    /// <summary>True when nobody has come to or gone from any cell of the visited tiles, and no tile has come to be.</summary>
    public readonly bool StillHold()
    {
        foreach (Visit visit in _visits.AsSpan(0, _count))
        {
            if (!visit.Tile.Lock.IsStill(visit.Version))
            {
                return false;
            }
        }

        return tiles.Version.IsStill(_tableVersion);
    }

    private readonly record struct Visit(Tile Tile, int Version);
}
