using System.Numerics;
using System.Runtime.Intrinsics;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>
/// One search for the nearest drivers: looks at the cell of the centre, then at those around it as far as needed, until
/// no driver farther out can be among the nearest.
/// </summary>
internal ref struct NearestSearch
{
    // So many times the world may change under a search before it walks the drivers instead of the cells.
    private const int MaxAttempts = 8;

    // Up to here a plane is as good as the sphere for telling most of those who are too far (100 km, in radians).
    private const double MaxPlanarRadius = 0.0157;

    private const double RadiansPerE7 = Math.PI / 180 / 1e7;

    // For what float arithmetic and rounding to 1e-7 degrees may take from a planar distance.
    private const double PlanarMargin = 1.001;
    private const double PlanarSlackE7 = 700;

    private readonly SlotTable<DriverRecord> _records;
    private readonly EarthGrid _grid;
    private readonly GeoPoint _center;
    private readonly HaversineFrom _haversine;
    private readonly double _radius; // an angle at the earth's centre, as all distances here
    private readonly double _radiusBound;
    private readonly double _planarRadiusBound;
    private readonly double _planarFactor;
    private readonly int _wanted;
    private readonly DriverMatch _match;
    private readonly Span<NearbyDriver> _results;
    private TileVisits _visits;
    private NearestList _nearest;
    private CellsAhead _ahead;
    private double _bound; // only drivers with a smaller haversine are of interest
    private bool _isDisturbed; // somebody moved while being looked at
    private float _planarBound; // and none whose planar distance has a greater square (in 1e-7 degrees)

    public NearestSearch(
        SlotTable<DriverRecord> records,
        TileTable tiles,
        EarthGrid grid,
        GeoPoint center,
        double radiusMeters,
        DriverMatch match,
        Span<NearbyDriver> results)
    {
        _records = records;
        _grid = grid;
        _center = center;
        _haversine = new HaversineFrom(center);
        _radius = Math.Clamp(radiusMeters / Earth.RadiusMeters, 0, Math.PI);
        _radiusBound = Math.BitIncrement(HaversineOf(_radius));
        double planarRadius = Math.Min(_radius, MaxPlanarRadius);
        _planarRadiusBound = planarRadius == _radius ? _radiusBound : HaversineOf(planarRadius);
        _planarFactor = 4 * PlanarMargin * _haversine.PlanarStretch(planarRadius) / (RadiansPerE7 * RadiansPerE7);
        _wanted = results.Length;
        _match = match;
        _results = results;
        _visits = new TileVisits(tiles);
        _nearest = new NearestList(_wanted);
        _ahead = new CellsAhead();
    }

    public int Run()
    {
        if (_wanted == 0)
        {
            return 0;
        }

        for (int attempt = 0; attempt < MaxAttempts && SearchTiles(); attempt++)
        {
            if (!_isDisturbed && _visits.StillHold() && _ahead.StillHold())
            {
                return Tell();
            }
        }

        SearchRecords();
        return Tell();
    }

    private void Begin()
    {
        _nearest.Clear();
        _ahead.Clear();
        _isDisturbed = false;
        SetBound(_radiusBound);
    }

    private void SetBound(double haversine)
    {
        _bound = haversine;
        _planarBound = haversine <= _planarRadiusBound
            ? (float)(haversine * _planarFactor + PlanarSlackE7)
            : float.PositiveInfinity;
    }

    /// <summary>False when there are more tiles to look at than drivers.</summary>
    private bool SearchTiles()
    {
        Begin();
        _visits.Begin();
        CellCover cover = _grid.PointCover(_center);
        double cellRadians = SearchCover(cover, null);
        double reach = 0;
        while (true)
        {
            // Everybody up to the reach has been seen.
            double needed = _nearest.IsFull ? Earth.AngleOfHaversine(_nearest.Farthest) : _radius;
            if (needed <= reach)
            {
                return true;
            }

            // When there are too few in the first cell, half as much again as would be enough if all cells were like it.
            double guess = reach == 0
                ? cellRadians * Math.Sqrt(1.5 / Math.PI * _wanted / Math.Max(_nearest.Count, 0.5))
                : reach * 2;
            reach = _nearest.IsFull ? needed : Math.Min(guess, _radius);
            CellCover? seen = cover;
            cover = _grid.CoverOf(_center, reach);
            if (_grid.SizeOf(cover) > _records.Capacity)
            {
                return false;
            }

            if (_grid.GoesAllTheWayRound(cover))
            {
                // Its columns are not counted from where those seen were; so everything from the start.
                Begin();
                _visits.Begin();
                seen = null;
            }

            SearchCover(cover, seen);
        }
    }

    /// <summary>Looks at what was not seen of a cover; tells the height of the last cell, an angle.</summary>
    private double SearchCover(in CellCover cover, in CellCover? seen)
    {
        // First all cells are found, then searched: so they come from memory side by side, not one after the other.
        int searched = _ahead.Count;
        int level = 0;
        for (int band = cover.SouthBand; band <= cover.NorthBand; band++)
        {
            (int first, int count) = _grid.ColumnsOf(cover, band);
            (int firstSeen, int countSeen) = seen is { } inner && inner.HasBand(band) ? _grid.ColumnsOf(inner, band) : default;
            int columns = _grid.ColumnsIn(band);
            for (int column = first; column < first + count; column++)
            {
                Cell[] cells = _visits.LookInto(EarthGrid.KeyAt(band, EarthGrid.WrapColumn(column, columns)));
                if (cells.Length > 0)
                {
                    level = Tile.LevelOf(cells);
                    bool isSeen = column >= firstSeen && column < firstSeen + countSeen;
                    FindCells(
                        cells,
                        level,
                        _grid.PartsOf(cover, band, column, level),
                        isSeen ? _grid.PartsOf(seen!.Value, band, column, level) : PartRange.None,
                        _grid.FrameOf(band, column, level));
                }
            }
        }

        foreach (ref readonly CellAhead cell in _ahead.Cells[searched..])
        {
            if (cell.Square <= _planarBound)
            {
                SearchCell(cell.Data, cell.Count);
            }
        }

        return _grid.CellRadians / (1 << level);
    }

    private void FindCells(Cell[] cells, int level, PartRange parts, PartRange seen, in CellFrame frame)
    {
        double longitudeScale = _haversine.CosLatitude;
        for (int row = parts.Bottom; row <= parts.Top; row++)
        {
            double north = Beyond(_center.LatitudeDegrees, frame.SouthDegrees + row * frame.HeightDegrees, frame.HeightDegrees);
            double square = north * north;
            bool isSeen = seen.HasRow(row);
            for (int part = parts.Left; part <= parts.Right && square <= _planarBound; part++)
            {
                if (isSeen && part >= seen.Left && part <= seen.Right)
                {
                    continue;
                }

                ref readonly Cell cell = ref cells[(row << level) + part];
                double east = longitudeScale
                    * Beyond(_center.LongitudeDegrees, frame.WestDegrees + part * frame.WidthDegrees, frame.WidthDegrees);
                if (square + east * east <= _planarBound)
                {
                    // While the cell changes, its parts may not belong together. Then its or the tile's version tells; but
                    // every index must be sound.
                    int renewals = cell.Renewals.ReadVersion();
                    Occupants data = cell.Data;
                    int count = Math.Min(cell.Count, data.Capacity);
                    if (count > 0)
                    {
                        data.PrefetchTests(count);
                        _ahead.Add(new CellAhead(cells, (row << level) + part, renewals, data, count, square + east * east));
                    }
                }
            }
        }
    }

    /// <summary>How far a coordinate lies outside of an interval, in 1e-7 degrees.</summary>
    private static double Beyond(double coordinate, double start, double length) =>
        Math.Max(0, Math.Max(start - coordinate, coordinate - start - length)) * 1e7;

    /// <summary>Tests four at once for status and planar distance; the few that are left, one by one.</summary>
    private void SearchCell(Occupants data, int count)
    {
        ref int words = ref data.Start;
        ref int bitWords = ref data.Bits;
        Vector256<int> center = Vector256.Create(
            Place.Of((int)Math.Round(_center.LatitudeDegrees * 1e7), (int)Math.Round(_center.LongitudeDegrees * 1e7)).Bits).AsInt32();
        float longitudeScale = (float)_haversine.CosLatitude;
        Vector256<float> scale = Vector256.Create(longitudeScale, 1, longitudeScale, 1, longitudeScale, 1, longitudeScale, 1);
        Vector128<uint> mask = Vector128.Create(_match.Mask), wanted = Vector128.Create(_match.Wanted);
        Vector256<float> bound = Vector256.Create(_planarBound);
        for (int index = 0; index < count; index += 4)
        {
            Vector256<float> delta =
                Vector256.ConvertToSingle(Vector256.LoadUnsafe(ref words, (nuint)(2 * index)) - center) * scale;
            Vector256<float> squares = delta * delta;
            squares += Vector256.Shuffle(squares, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            uint near = Vector256.LessThanOrEqual(squares, bound).AsDouble().ExtractMostSignificantBits();
            Vector128<uint> bits = Vector128.LoadUnsafe(ref bitWords, (nuint)index).AsUInt32() & mask;
            near &= Vector128.Equals(bits, wanted).ExtractMostSignificantBits();
            if (near != 0)
            {
                for (; near != 0; near &= near - 1)
                {
                    int candidate = index + BitOperations.TrailingZeroCount(near);
                    if (candidate < count)
                    {
                        Consider(data, candidate);
                    }
                }

                bound = Vector256.Create(_planarBound);
            }
        }
    }

    private void Consider(Occupants data, int index)
    {
        Place place = data.PlaceAt(index);
        double haversine = _haversine.To(place.LatitudeE7, place.LongitudeE7);
        if (haversine < _bound)
        {
            int slot = data.SlotAt(index);
            uint bits = data.BitsAt(index);
            if (!Occupant.TryGetTime(bits, data.TimeLowAt(index), out long time))
            {
                Sighting driver = _records[slot].Sight(slot);
                time = driver.FixedAtUnixMs;
                _isDisturbed |= driver.Place != place;
            }

            if (_match.Matches(slot, bits, time))
            {
                Add(new Candidate(haversine, place, time, slot));
            }
        }
    }

    private void Add(in Candidate candidate)
    {
        _nearest.Add(candidate);
        if (_nearest.IsFull)
        {
            SetBound(_nearest.Farthest);
        }
    }

    private void SearchRecords()
    {
        Begin();
        for (int slot = 0; slot < _records.Capacity; slot++)
        {
            Sighting driver = _records[slot].Sight(slot);
            double haversine = _haversine.To(driver.Place.LatitudeE7, driver.Place.LongitudeE7);
            if (haversine < _bound && _match.Matches(driver))
            {
                Add(new Candidate(haversine, driver.Place, driver.FixedAtUnixMs, slot));
            }
        }
    }

    private readonly int Tell()
    {
        int count = 0;
        foreach (ref readonly Candidate candidate in _nearest.Candidates)
        {
            _results[count++] = new NearbyDriver(
                candidate.Slot,
                Earth.DistanceOfHaversine(candidate.Haversine),
                candidate.FixedAtUnixMs,
                candidate.Place.Point);
        }

        return count;
    }

    private static double HaversineOf(double radians)
    {
        double sine = Math.Sin(radians / 2);
        return sine * sine;
    }
}
