namespace RideTracking.Engine.Index;

/// <summary>The cells that a search looks at, in a buffer that each thread keeps.</summary>
internal ref struct CellsAhead()
{
    [ThreadStatic]
    private static CellAhead[]? t_buffer;

    private CellAhead[] _cells = t_buffer ??= new CellAhead[64];

    public int Count { get; private set; }

    public readonly ReadOnlySpan<CellAhead> Cells => _cells.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(in CellAhead cell)
    {
        if (Count == _cells.Length)
        {
            Array.Resize(ref _cells, Count * 2);
            t_buffer = _cells;
        }

        _cells[Count++] = cell;
    }

    /// <summary>True when nobody in them has changed. Only after it was seen that their tiles still hold.</summary>
    public readonly bool StillHold()
    {
        foreach (ref readonly CellAhead cell in Cells)
        {
            if (!cell.Cells[cell.Index].Renewals.IsStill(cell.Renewals))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>
/// A cell with somebody in it, the version of its renewals, and the square of its planar distance in 1e-7 degrees.
/// </summary>
internal readonly record struct CellAhead(Cell[] Cells, int Index, int Renewals, Occupants Data, int Count, double Square);
