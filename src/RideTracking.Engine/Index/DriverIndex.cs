using System.Runtime.CompilerServices;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Index;

/// <summary>
/// Where every driver is now. Thread-safe: a change locks one driver and at most two tiles for nanoseconds, a search
/// locks nothing; no lock is held when a method returns. Slots are those of <see cref="DriverSlots"/>.
/// </summary>
public sealed class DriverIndex
{
    private readonly SlotTable<DriverRecord> _records = new();
    private readonly TileTable _tiles = new();

    // Where those were last whose position went stale: apart, so that no search for the present passes them.
    private readonly TileTable _lastKnown = new();
    private readonly TraitsTable _traits = new();
    private readonly FleetCounter _counter = new();
    private readonly EarthGrid _grid;

    /// <summary>An empty index.</summary>
    /// <param name="tileSizeMeters">
    /// Width of a tile, 50 to 50,000 m. Where drivers crowd, a tile divides itself into up to 64 x 64 cells; the default
    /// is right from a village to a million drivers in one city.
    /// </param>
    public DriverIndex(double tileSizeMeters = 2_000)
    {
        if (!(tileSizeMeters is >= 50 and <= 50_000))
        {
            throw new ArgumentOutOfRangeException(nameof(tileSizeMeters), tileSizeMeters, "Must be 50 to 50,000 m.");
        }

        _grid = new EarthGrid(tileSizeMeters);
    }

    /// <summary>Slots that have ever been used are below this; no more than 1,023 others are.</summary>
    internal int SlotCapacity => _records.Capacity;

    /// <summary>How many tiles are kept, empty ones included.</summary>
    internal int TileCount => _tiles.Count;

    /// <summary>How many drivers all cells have room for.</summary>
    internal int RoomInCells => _tiles.RoomInCells;

    /// <summary>
    /// Makes a fix the driver's present, unless it is older (by the server's clock) than the newest there was, be that
    /// one removed or stale meanwhile. An equally old one replaces.
    /// </summary>
    /// <returns>False, and no change, when the fix is older.</returns>
    public bool Update(int slot, in Fix fix, out DriverChange change)
    {
        ref DriverRecord record = ref _records.GetOrAdd(slot);
        record.Lock.Enter();
        DriverEntry previous = record.Entry(slot);
        if (fix.FixedAtUnixMs < record.FixedAtUnixMs)
        {
            record.Lock.ExitUnchanged();
            change = new DriverChange { Previous = previous, Current = previous };
            return false;
        }

        if (previous.HasFix)
        {
            Sighting before = record.SightInside(slot);
            record.Set(fix);
            Move(ref record, before);
        }
        else
        {
            Leave(ref record);
            record.Set(fix);
            Enter(ref record, slot, _tiles, null, default);
        }

        Commit(ref record, slot, previous, out change);
        return true;
    }

    /// <summary>
    /// Says what the driver drives; kept until told otherwise, also when the position or the driver's status goes.
    /// </summary>
    /// <exception cref="InvalidOperationException">The fleet's vehicles differ in more than 65,535 ways.</exception>
    public void SetVehicle(int slot, VehicleTraits vehicle)
    {
        ushort traits = _traits.GetOrAdd(vehicle);
        ref DriverRecord record = ref _records.GetOrAdd(slot);
        record.Lock.Enter();
        SetBits(ref record, slot, StatusBits.WithTraits(record.Bits, traits));
        record.Lock.Exit();
    }

    /// <summary>What the driver drives, as last told.</summary>
    public VehicleTraits VehicleOf(int slot) =>
        _records.Contains(slot) ? _traits[StatusBits.TraitsOf(_records[slot].Sight(slot).Bits)] : default;

    /// <summary>Sets all three parts of a driver's status, also of a driver without a position.</summary>
    public DriverChange SetStatus(int slot, DriverStatus status) =>
        SetStatus(slot, status.Availability, status.Work, status.Link);

    /// <summary>Sets whether the driver's app is heard; leaves the rest.</summary>
    public DriverChange SetLink(int slot, DriverLink link) => SetStatus(slot, null, null, link);

    /// <summary>Sets what the driver wants and does, as dispatch knows it; leaves the link.</summary>
    public DriverChange SetPlan(int slot, DriverAvailability availability, DriverWork work) =>
        SetStatus(slot, availability, work, null);

    /// <summary>Forgets a driver's position, also the last known one, and status.</summary>
    /// <returns>False when nothing was known.</returns>
    public bool Remove(int slot, out DriverChange change)
    {
        ref DriverRecord record = ref _records.GetOrAdd(slot);
        record.Lock.Enter();
        DriverEntry previous = record.Entry(slot);
        record.Bits = StatusBits.WithStatus(record.Bits, default);
        Leave(ref record);
        Commit(ref record, slot, previous, out change);
        return previous.HasFix || previous.Status != default;
    }

    /// <summary>What is known of a driver; false when that is nothing.</summary>
    public bool TryGet(int slot, out DriverEntry entry)
    {
        entry = _records.Contains(slot) ? _records[slot].Read(slot, out _) : new DriverEntry { Slot = slot };
        return entry.HasFix || entry.Status != default;
    }

    /// <summary>
    /// The drivers nearest to a place, nearest first. None twice; none missing that was in reach all the while.
    /// </summary>
    /// <param name="center">Where to look from; must be valid.</param>
    /// <param name="radiusMeters">How far to look, from 0.</param>
    /// <param name="filter">Which drivers count.</param>
    /// <param name="results">Filled from the start; its length is how many are wanted.</param>
    /// <returns>How many were found.</returns>
    public int Nearest(GeoPoint center, double radiusMeters, in DriverFilter filter, Span<NearbyDriver> results)
    {
        var search = new NearestSearch(
            _records, _tiles, _grid, center, radiusMeters, new DriverMatch(filter, _traits), results);
        return search.Run();
    }

    /// <summary>
    /// The drivers within an area, in no order. None twice; none missing that was inside all the while.
    /// </summary>
    /// <param name="area">A <see cref="GeoRectangle"/> or <see cref="GeoPolygon"/>; must be valid.</param>
    /// <param name="filter">Which drivers count.</param>
    /// <param name="results">Filled from the start.</param>
    /// <returns>How many there are; when more than fit, ask again with a longer span.</returns>
    public int Within<TArea>(TArea area, in DriverFilter filter, Span<DriverEntry> results)
        where TArea : IGeoArea
    {
        var match = new DriverMatch(filter, _traits);
        var search = new AreaSearch<TArea, EntryList<TArea>>(
            _records, _tiles, _grid, area, match, new EntryList<TArea>(_records, area, match, results));
        return search.Run();
    }

    /// <inheritdoc cref="Within{TArea}(TArea, in DriverFilter, Span{DriverEntry})"/>
    public int Within(GeoRectangle area, Span<DriverEntry> results) => Within(area, new DriverFilter(), results);

    /// <summary>How many drivers are in each cell of a raster: a density map.</summary>
    /// <param name="raster">The rectangle and its cells.</param>
    /// <param name="filter">Which drivers count.</param>
    /// <param name="counts">One for each cell, see <see cref="GeoRaster.IndexOf"/>; set to 0 first.</param>
    /// <returns>How many drivers there are in all.</returns>
    /// <exception cref="ArgumentException">There are fewer counts than cells.</exception>
    public int CountByCell(GeoRaster raster, in DriverFilter filter, Span<int> counts)
    {
        if (counts.Length < raster.CellCount)
        {
            throw new ArgumentException($"Needs {raster.CellCount} counts, has {counts.Length}.", nameof(counts));
        }

        var search = new AreaSearch<GeoRectangle, CellCounts>(
            _records, _tiles, _grid, raster.Area, new DriverMatch(filter, _traits), new CellCounts(raster, counts));
        return search.Run();
    }

    /// <summary>How many drivers are within a circle.</summary>
    /// <param name="area">Its centre must be valid.</param>
    /// <param name="filter">Which drivers count.</param>
    /// <param name="most">Counts no further; nor does it look at more than some 20,000 drivers.</param>
    public DriverCount CountWithin(GeoCircle area, in DriverFilter filter, int most) =>
        CountWithin(_tiles, area, new DriverMatch(filter, _traits), most);

    /// <summary>How many drivers whose position went stale were last within a circle.</summary>
    /// <inheritdoc cref="CountWithin(GeoCircle, in DriverFilter, int)"/>
    public DriverCount CountStaleWithin(GeoCircle area, in DriverFilter filter, int most) =>
        CountWithin(_lastKnown, area, new DriverMatch(filter, _traits, StatusBits.IsStale), most);

    /// <summary>Takes away the positions (not the status) of drivers whose fix is older than a time; the last known place stays to be counted by.</summary>
    /// <param name="olderThanUnixMs">By the server's clock, milliseconds since 1970.</param>
    /// <param name="left">Filled with the changes, to be published.</param>
    /// <returns>How many left; as many as fit means that there may be more, so sweep again.</returns>
    public int SweepStale(long olderThanUnixMs, Span<DriverChange> left) => SweepStale(olderThanUnixMs, [], left);

    /// <inheritdoc cref="SweepStale(long, Span{DriverChange})"/>
    /// <param name="olderThanUnixMs">By the server's clock, milliseconds since 1970.</param>
    /// <param name="longerMs">By slot, how much older a driver's fix may be than that; 0 beyond its end.</param>
    /// <param name="left">Filled with the changes, to be published.</param>
    public int SweepStale(long olderThanUnixMs, ReadOnlySpan<int> longerMs, Span<DriverChange> left)
    {
        int count = 0;
        for (int slot = 0; slot < _records.Capacity && count < left.Length; slot++)
        {
            ref DriverRecord record = ref _records[slot];
            long oldest = slot < longerMs.Length ? olderThanUnixMs - longerMs[slot] : olderThanUnixMs;
            // Without the lock first: nearly nobody is stale.
            if (record.HasFix && record.FixedAtUnixMs < oldest)
            {
                record.Lock.Enter();
                if (record.HasFix && record.FixedAtUnixMs < oldest)
                {
                    DriverEntry previous = record.Entry(slot);
                    Leave(ref record);
                    record.Bits |= StatusBits.IsStale;
                    Enter(ref record, slot, _lastKnown, null, default);
                    Commit(ref record, slot, previous, out left[count++]);
                }
                else
                {
                    record.Lock.ExitUnchanged();
                }
            }
        }

        _tiles.CleanUp(_records, _grid);
        _lastKnown.CleanUp(_records, _grid);
        return count;
    }

    /// <summary>How many drivers are in which state.</summary>
    public FleetCounts Count() => _counter.Read();

    private DriverChange SetStatus(int slot, DriverAvailability? availability, DriverWork? work, DriverLink? link)
    {
        ref DriverRecord record = ref _records.GetOrAdd(slot);
        record.Lock.Enter();
        DriverEntry previous = record.Entry(slot);
        SetBits(ref record, slot, StatusBits.WithStatus(record.Bits, new DriverStatus(
            availability ?? previous.Status.Availability,
            work ?? previous.Status.Work,
            link ?? previous.Status.Link)));
        Commit(ref record, slot, previous, out DriverChange change);
        return change;
    }

    /// <summary>The caller is inside the record's lock.</summary>
    private void SetBits(ref DriverRecord record, int slot, uint bits)
    {
        Sighting before = record.SightInside(slot);
        record.Bits = bits;
        if (TableOf(record) is { } table)
        {
            GridPlace at = _grid.Locate(record.Place);
            Tile tile = TileOf(table, at);
            tile.Lock.Enter();
            tile.CellAt(at).Renew(record.IndexInCell, before, record.SightInside(slot));
            tile.Lock.ExitUnchanged();
        }
    }

    /// <summary>Ends a change: the caller is inside the record's lock, and is outside afterwards.</summary>
    private void Commit(ref DriverRecord record, int slot, in DriverEntry previous, out DriverChange change)
    {
        change = new DriverChange { Previous = previous, Current = record.Entry(slot) };
        _counter.Apply(change);
        record.Lock.Exit();
    }

    /// <summary>The tile of somebody who is in it: so it exists and is not retired.</summary>
    private static Tile TileOf(TileTable table, GridPlace at) => table.Find(at.Key)!;

    /// <summary>The tiles that the driver is in. The caller is inside the record's lock.</summary>
    private TileTable? TableOf(in DriverRecord record) => record.HasFix ? _tiles : record.IsStale ? _lastKnown : null;

    private DriverCount CountWithin(TileTable tiles, GeoCircle area, DriverMatch match, int most)
    {
        var search = new AreaSearch<GeoCircle, BoundedCount>(_records, tiles, _grid, area, match, new BoundedCount(most));
        search.Run();
        return new DriverCount(search.Found.Count, search.Found.IsAtLeast);
    }

    /// <summary>Takes a driver that has a position to its record's place. The caller is inside the record's lock.</summary>
    private void Move(ref DriverRecord record, in Sighting before)
    {
        Sighting after = record.SightInside(before.Slot);
        GridPlace from = _grid.Locate(before.Place), to = _grid.Locate(after.Place);
        Tile tile = TileOf(_tiles, from);
        if (from.Key != to.Key)
        {
            Enter(ref record, before.Slot, _tiles, tile, from);
            return;
        }

        tile.Lock.Enter();
        ref Cell cell = ref tile.CellAt(from);
        if (Unsafe.AreSame(ref cell, ref tile.CellAt(to)))
        {
            cell.Renew(record.IndexInCell, before, after);
            tile.Lock.ExitUnchanged();
            return;
        }

        tile.Remove(from, record.IndexInCell, _records);
        tile.Add(to, after, _records, _grid);
        tile.Lock.Exit();
    }

    /// <summary>
    /// Takes a driver from its tile, if any, to another. Both are locked at once, so that a search which met the driver
    /// in both or in none finds that one of them has changed.
    /// </summary>
    private void Enter(ref DriverRecord record, int slot, TileTable tiles, Tile? from, GridPlace fromPlace)
    {
        GridPlace toPlace = _grid.Locate(record.Place);
        var spin = new SpinWait();
        while (true)
        {
            Tile to = tiles.GetOrAdd(toPlace.Key);
            EnterBoth(from, to);
            bool usable = !to.IsRetired;
            if (usable)
            {
                from?.Remove(fromPlace, record.IndexInCell, _records);
                to.Add(toPlace, record.SightInside(slot), _records, _grid);
            }

            to.Lock.Exit();
            from?.Lock.Exit();
            if (usable)
            {
                return;
            }

            // Retired between finding and locking it; it leaves the table in a moment.
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    private static void EnterBoth(Tile? from, Tile to)
    {
        // In the order of keys, so that no two changes wait for each other.
        if (from is not null && from.Key < to.Key)
        {
            from.Lock.Enter();
            to.Lock.Enter();
        }
        else
        {
            to.Lock.Enter();
            from?.Lock.Enter();
        }
    }

    private void Leave(ref DriverRecord record)
    {
        if (TableOf(record) is { } table)
        {
            GridPlace at = _grid.Locate(record.Place);
            Tile from = TileOf(table, at);
            from.Lock.Enter();
            from.Remove(at, record.IndexInCell, _records);
            from.Lock.Exit();
            record.Bits &= ~(StatusBits.HasFix | StatusBits.IsMock | StatusBits.IsStale);
        }
    }
}
