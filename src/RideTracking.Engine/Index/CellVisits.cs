namespace RideTracking.Engine.Index;

/// <summary>
/// The cells that one search has looked at, with their versions. When all of them still hold at its end, the search saw
/// the world as it was at one moment: nobody twice, nobody missing.
/// </summary>
internal ref struct CellVisits(CellTable cells)
{
    // Kept by each thread, so that a search allocates nothing.
    [ThreadStatic]
    private static Visit[]? t_visits;

    private Visit[] _visits = t_visits ??= new Visit[256];
    private int _count;
    private int _tableVersion;

    /// <summary>Starts over.</summary>
    public void Begin()
    {
        _count = 0;
        _tableVersion = cells.Version.ReadVersion();
    }

    /// <summary>Who is in a cell; nobody when it does not exist.</summary>
    public ReadOnlySpan<Occupant> LookInto(long key)
    {
        if (cells.Find(key) is not { } cell)
        {
            return [];
        }

        if (_count == _visits.Length)
        {
            Array.Resize(ref _visits, _count * 2);
            t_visits = _visits;
        }

        _visits[_count++] = new Visit(cell, cell.Lock.ReadVersion());
        // While the cell changes these two may not belong together; then the version tells, but the span must be sound.
        Occupant[] occupants = cell.Occupants;
        return occupants.AsSpan(0, Math.Min(cell.Count, occupants.Length));
    }

    /// <summary>True when nobody has come to or gone from any visited cell, and no cell has come to be.</summary>
    public readonly bool StillHold()
    {
        foreach (Visit visit in _visits.AsSpan(0, _count))
        {
            if (!visit.Cell.Lock.IsStill(visit.Version))
            {
                return false;
            }
        }

        return cells.Version.IsStill(_tableVersion);
    }

    private readonly record struct Visit(Cell Cell, int Version);
}
