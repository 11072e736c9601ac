using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>
/// One search for the nearest drivers: looks at the cells around the centre in growing rings, until no driver farther
/// out can be among the nearest.
/// </summary>
internal ref struct NearestSearch
{
    // So many times the world may change under a search before it walks the drivers instead of the cells.
    private const int MaxAttempts = 8;

    private readonly SlotTable<DriverRecord> _records;
    private readonly EarthGrid _grid;
    private readonly GeoPoint _center;
    private readonly HaversineFrom _haversine;
    private readonly double _radius; // an angle at the earth's centre, as all distances here
    private readonly double _radiusBound;
    private readonly byte _statusMask;
    private readonly byte _statusWanted;
    private readonly DriverFilter _filter;
    private CellVisits _visits;
    private NearestHeap _heap;
    private double _bound; // only drivers with a smaller haversine are of interest

    public NearestSearch(
        SlotTable<DriverRecord> records,
        CellTable cells,
        EarthGrid grid,
        GeoPoint center,
        double radiusMeters,
        DriverFilter filter,
        Span<NearbyDriver> results)
    {
        _records = records;
        _grid = grid;
        _center = center;
        _haversine = new HaversineFrom(center);
        _radius = Math.Clamp(radiusMeters / Earth.RadiusMeters, 0, Math.PI);
        double sineOfHalf = Math.Sin(_radius / 2);
        _radiusBound = Math.BitIncrement(sineOfHalf * sineOfHalf);
        (_statusMask, _statusWanted) = StatusBits.Of(filter);
        _filter = filter;
        _visits = new CellVisits(cells);
        _heap = new NearestHeap(results);
    }

    public int Run()
    {
        if (_heap.IsFull) // none wanted
        {
            return 0;
        }

        for (int attempt = 0; ; attempt++)
        {
            if (attempt == MaxAttempts || !SearchCells())
            {
                SearchRecords();
                break;
            }

            if (_visits.StillHold())
            {
                break;
            }
        }

        _heap.Sort();
        return _heap.Count;
    }

    private void Begin()
    {
        _heap.Clear();
        _bound = _radiusBound;
    }

    /// <summary>False when there are more cells to look at than drivers.</summary>
    private bool SearchCells()
    {
        Begin();
        _visits.Begin();
        double reach = Math.Min(_grid.CellRadians / 2, _radius);
        CellCover? seen = null;
        while (true)
        {
            CellCover cover = _grid.CoverOf(_center, reach);
            if (_grid.SizeOf(cover) > _records.Capacity)
            {
                return false;
            }

            SearchRing(cover, seen);
            // Everybody up to the reach has been seen.
            double needed = _heap.IsFull ? AngleOf(_heap.Farthest) : _radius;
            if (needed <= reach)
            {
                return true;
            }

            seen = cover;
            reach = _heap.IsFull ? needed : Math.Min(reach * 2, _radius);
        }
    }

    private void SearchRing(in CellCover cover, in CellCover? seen)
    {
        for (int band = cover.SouthBand; band <= cover.NorthBand; band++)
        {
            (int first, int count) = _grid.ColumnsOf(cover, band);
            if (seen is { } inner && inner.HasBand(band))
            {
                (int innerFirst, int innerCount) = _grid.ColumnsOf(inner, band);
                int columns = _grid.ColumnsIn(band);
                if (count == columns)
                {
                    first = innerFirst; // all the way round, beginning with what was seen
                }

                SearchColumns(band, columns, first, innerFirst - first);
                SearchColumns(band, columns, innerFirst + innerCount, first + count - innerFirst - innerCount);
            }
            else
            {
                SearchColumns(band, _grid.ColumnsIn(band), first, count);
            }
        }
    }

    private void SearchColumns(int band, int columns, int first, int count)
    {
        for (int offset = 0; offset < count; offset++)
        {
            SearchCell(EarthGrid.KeyAt(band, EarthGrid.WrapColumn(first + offset, columns)));
        }
    }

    private void SearchCell(long key)
    {
        foreach (ref readonly Occupant occupant in _visits.LookInto(key))
        {
            if ((occupant.Status & _statusMask) == _statusWanted)
            {
                (int latitudeE7, int longitudeE7) = occupant.Position;
                if (_haversine.To(latitudeE7, longitudeE7) < _bound)
                {
                    Consider(occupant.Slot);
                }
            }
        }
    }

    private void SearchRecords()
    {
        Begin();
        for (int slot = 0; slot < _records.Capacity; slot++)
        {
            Consider(slot);
        }
    }

    /// <summary>Decides by the driver's record, in which everything belongs together.</summary>
    private void Consider(int slot)
    {
        DriverEntry driver = _records[slot].Read(slot);
        if (!_filter.Matches(driver))
        {
            return;
        }

        double haversine = _haversine.To(driver.Fix.LatitudeE7, driver.Fix.LongitudeE7);
        if (haversine < _bound)
        {
            _heap.Add(new NearbyDriver(slot, haversine, driver.Fix.FixedAtUnixMs, driver.Fix.Point));
            if (_heap.IsFull)
            {
                _bound = _heap.Farthest;
            }
        }
    }

    private static double AngleOf(double haversine) => 2 * Math.Asin(Math.Sqrt(Math.Min(haversine, 1)));
}
