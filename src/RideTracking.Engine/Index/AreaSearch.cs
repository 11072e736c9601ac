using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>One search for all drivers within a rectangle.</summary>
internal ref struct AreaSearch
{
    // A big area is rarely left in peace for as long as it takes; a walk over all drivers needs no peace.
    private const int MaxAttempts = 2;

    private readonly SlotTable<DriverRecord> _records;
    private readonly EarthGrid _grid;
    private readonly GeoRectangle _area;
    private readonly Span<DriverEntry> _results;
    private CellVisits _visits;
    private int _count;

    public AreaSearch(
        SlotTable<DriverRecord> records, CellTable cells, EarthGrid grid, GeoRectangle area, Span<DriverEntry> results)
    {
        _records = records;
        _grid = grid;
        _area = area;
        _results = results;
        _visits = new CellVisits(cells);
    }

    public int Run()
    {
        CellCover cover = _grid.CoverOf(_area);
        int attempts = _grid.SizeOf(cover) <= _records.Capacity ? MaxAttempts : 0;
        for (int attempt = 0; attempt < attempts; attempt++)
        {
            SearchCells(cover);
            if (_visits.StillHold())
            {
                return _count;
            }
        }

        SearchRecords();
        return _count;
    }

    private void SearchCells(in CellCover cover)
    {
        _visits.Begin();
        _count = 0;
        foreach (long key in new CellKeys(_grid, cover))
        {
            foreach (ref readonly Occupant occupant in _visits.LookInto(key))
            {
                Consider(occupant.Slot);
            }
        }
    }

    private void SearchRecords()
    {
        _count = 0;
        for (int slot = 0; slot < _records.Capacity; slot++)
        {
            Consider(slot);
        }
    }

    private void Consider(int slot)
    {
        DriverEntry driver = _records[slot].Read(slot);
        if (driver.HasFix && _area.Contains(driver.Fix.Point))
        {
            if (_count < _results.Length)
            {
                _results[_count] = driver;
            }

            _count++;
        }
    }
}
