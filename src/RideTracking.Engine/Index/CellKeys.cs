namespace RideTracking.Engine.Index;

/// <summary>Walks the keys of the cells of a cover, south to north and west to east; allocates nothing.</summary>
internal ref struct CellKeys(EarthGrid grid, CellCover cover)
{
    private int _band = cover.SouthBand - 1;
    private int _columns;
    private int _next;
    private int _left;

    public long Current { get; private set; }

    public readonly CellKeys GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_left == 0)
        {
            if (++_band > cover.NorthBand)
            {
                return false;
            }

            _columns = grid.ColumnsIn(_band);
            (_next, _left) = grid.ColumnsOf(cover, _band);
        }

        Current = EarthGrid.KeyAt(_band, EarthGrid.WrapColumn(_next++, _columns));
        _left--;
        return true;
    }
}
