using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>What a search within an area does with those it finds.</summary>
internal interface IFound
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Before so many more are looked at: whether that is not worth while.</summary>
    bool HasEnough(int ahead);

    void Clear();

    void Add(int slot, Place place);
}

/// <summary>One search for all drivers within an area.</summary>
internal ref struct AreaSearch<TArea, TFound>
    where TArea : IGeoArea
    where TFound : struct, IFound, allows ref struct
{
    // A big area is rarely left in peace for as long as it takes; a walk over all drivers needs no peace.
    private const int MaxAttempts = 2;

    private readonly SlotTable<DriverRecord> _records;
    private readonly EarthGrid _grid;
    private readonly TArea _area;
    private readonly DriverMatch _match;
    private TileVisits _visits;
#pragma warning disable IDE0044 // It changes itself: read-only, each call would change a copy.
    private TFound _found;
#pragma warning restore IDE0044

    public AreaSearch(
        SlotTable<DriverRecord> records, TileTable tiles, EarthGrid grid, TArea area, DriverMatch match, TFound found)
    {
        _records = records;
        _grid = grid;
        _area = area;
        _match = match;
        _found = found;
        _visits = new TileVisits(tiles);
    }

    /// <summary>What was found.</summary>
    public readonly TFound Found => _found;

    public int Run()
    {
        CellCover cover = _grid.CoverOf(_area.Bounds);
        int attempts = _grid.SizeOf(cover) <= _records.Capacity ? MaxAttempts : 0;
        for (int attempt = 0; attempt < attempts; attempt++)
        {
            SearchTiles(cover);
            if (_visits.StillHold())
            {
                return _found.Count;
            }
        }

        SearchRecords();
        return _found.Count;
    }

    private void SearchTiles(in CellCover cover)
    {
        _visits.Begin();
        _found.Clear();
        for (int band = cover.SouthBand; band <= cover.NorthBand; band++)
        {
            (int first, int count) = _grid.ColumnsOf(cover, band);
            int columns = _grid.ColumnsIn(band);
            for (int column = first; column < first + count; column++)
            {
                Cell[] cells = _visits.LookInto(EarthGrid.KeyAt(band, EarthGrid.WrapColumn(column, columns)));
                if (cells.Length > 0)
                {
                    SearchTile(cells, cover, band, column);
                }
            }
        }
    }

    private void SearchTile(Cell[] cells, in CellCover cover, int band, int column)
    {
        int level = Tile.LevelOf(cells);
        PartRange parts = _grid.PartsOf(cover, band, column, level);
        for (int row = parts.Bottom; row <= parts.Top; row++)
        {
            for (int part = parts.Left; part <= parts.Right; part++)
            {
                SearchCell(cells[(row << level) + part]);
            }
        }
    }

    // A copy of the cell: while it changes, its parts may not belong together. Then the tile's version tells.
    private void SearchCell(Cell cell)
    {
        Occupants data = cell.Data;
        int count = Math.Min(cell.Count, data.Capacity);
        if (count == 0 || _found.HasEnough(count))
        {
            return;
        }

        for (int index = 0; index < count; index++)
        {
            Place place = data.PlaceAt(index);
            int slot = data.SlotAt(index);
            uint bits = data.BitsAt(index);
            long time = Occupant.TryGetTime(bits, data.TimeLowAt(index), out long near)
                ? near
                : _records[slot].Sight(slot).FixedAtUnixMs;
            if (_match.Matches(slot, bits, time) && _area.Contains(place.Point))
            {
                _found.Add(slot, place);
            }
        }
    }

    private void SearchRecords()
    {
        _found.Clear();
        for (int slot = 0; slot < _records.Capacity && !_found.HasEnough(1); slot++)
        {
            Sighting driver = _records[slot].Sight(slot);
            if (_match.Matches(driver) && _area.Contains(driver.Place.Point))
            {
                _found.Add(slot, driver.Place);
            }
        }
    }
}

/// <summary>Collects what the records say, in which everything belongs together.</summary>
internal ref struct EntryList<TArea>(
    SlotTable<DriverRecord> records, TArea area, DriverMatch match, Span<DriverEntry> results) : IFound
    where TArea : IGeoArea
{
    private readonly Span<DriverEntry> _results = results;
    private readonly DriverMatch _match = match;

    public int Count { get; private set; }

    public readonly bool HasEnough(int ahead) => false;

    public void Clear() => Count = 0;

    public void Add(int slot, Place place)
    {
        DriverEntry driver = records[slot].Read(slot, out uint bits);
        // It may have moved, or changed otherwise, since it was met.
        if (driver.HasFix
            && _match.Matches(new Sighting(slot, place, bits, driver.Fix.FixedAtUnixMs))
            && area.Contains(driver.Fix.Point))
        {
            if (Count < _results.Length)
            {
                _results[Count] = driver;
            }

            Count++;
        }
    }
}

/// <summary>Counts by the cells of a raster.</summary>
internal ref struct CellCounts(GeoRaster raster, Span<int> counts) : IFound
{
    private readonly Span<int> _counts = counts;

    public int Count { get; private set; }

    public readonly bool HasEnough(int ahead) => false;

    public void Clear()
    {
        Count = 0;
        _counts.Clear();
    }

    public void Add(int slot, Place place)
    {
        _counts[raster.IndexOf(place.Point)]++;
        Count++;
    }
}
