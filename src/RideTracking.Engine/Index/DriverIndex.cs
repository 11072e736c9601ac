using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Index;

/// <summary>
/// Where every driver is now. Thread-safe: a change locks one driver and at most two cells for nanoseconds, a search
/// locks nothing; no lock is held when a method returns. Slots are those of <see cref="DriverSlots"/>.
/// </summary>
public sealed class DriverIndex
{
    private readonly SlotTable<DriverRecord> _records = new();
    private readonly CellTable _cells = new();
    private readonly FleetCounter _counter = new();
    private readonly EarthGrid _grid;

    /// <summary>An empty index.</summary>
    /// <param name="cellSizeMeters">
    /// Width of a cell, 50 to 50,000 m. Searches are fastest when a cell holds some ten drivers; the default is made for
    /// a city.
    /// </param>
    public DriverIndex(double cellSizeMeters = 250)
    {
        if (!(cellSizeMeters is >= 50 and <= 50_000))
        {
            throw new ArgumentOutOfRangeException(nameof(cellSizeMeters), cellSizeMeters, "Must be 50 to 50,000 m.");
        }

        _grid = new EarthGrid(cellSizeMeters);
    }

    /// <summary>Slots that have ever been used are below this; no more than 1,023 others are.</summary>
    internal int SlotCapacity => _records.Capacity;

    /// <summary>How many cells are kept, empty ones included.</summary>
    internal int CellCount => _cells.Count;

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
        if (fix.FixedAtUnixMs < record.Fix.FixedAtUnixMs)
        {
            record.Lock.ExitUnchanged();
            change = new DriverChange { Previous = previous, Current = previous };
            return false;
        }

        record.Fix = fix;
        record.HasFix = true;
        long key = _grid.KeyOf(fix.LatitudeE7, fix.LongitudeE7);
        if (record.Cell is { } cell && cell.Key == key)
        {
            cell.Lock.Enter();
            cell.Occupants[record.IndexInCell].MoveTo(fix.LatitudeE7, fix.LongitudeE7);
            cell.Lock.ExitUnchanged();
        }
        else
        {
            Enter(ref record, slot, key);
        }

        change = Commit(ref record, slot, previous);
        return true;
    }

    /// <summary>Sets all three parts of a driver's status, also of a driver without a position.</summary>
    public DriverChange SetStatus(int slot, DriverStatus status) =>
        SetStatus(slot, status.Availability, status.Work, status.Link);

    /// <summary>Sets whether the driver's app is heard; leaves the rest.</summary>
    public DriverChange SetLink(int slot, DriverLink link) => SetStatus(slot, null, null, link);

    /// <summary>Sets what the driver wants and does, as dispatch knows it; leaves the link.</summary>
    public DriverChange SetPlan(int slot, DriverAvailability availability, DriverWork work) =>
        SetStatus(slot, availability, work, null);

    /// <summary>Forgets a driver's position and status.</summary>
    /// <returns>False when nothing was known.</returns>
    public bool Remove(int slot, out DriverChange change)
    {
        ref DriverRecord record = ref _records.GetOrAdd(slot);
        record.Lock.Enter();
        DriverEntry previous = record.Entry(slot);
        record.Status = default;
        Leave(ref record);
        change = Commit(ref record, slot, previous);
        return previous.HasFix || previous.Status != default;
    }

    /// <summary>What is known of a driver; false when that is nothing.</summary>
    public bool TryGet(int slot, out DriverEntry entry)
    {
        entry = _records.Contains(slot) ? _records[slot].Read(slot) : new DriverEntry { Slot = slot };
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
        var search = new NearestSearch(_records, _cells, _grid, center, radiusMeters, filter, results);
        return search.Run();
    }

    /// <summary>
    /// The drivers within an area, in no order. None twice; none missing that was inside all the while.
    /// </summary>
    /// <param name="area">Must be valid.</param>
    /// <param name="results">Filled from the start.</param>
    /// <returns>How many there are; when more than fit, ask again with a longer span.</returns>
    public int Within(GeoRectangle area, Span<DriverEntry> results)
    {
        var search = new AreaSearch(_records, _cells, _grid, area, results);
        return search.Run();
    }

    /// <summary>Forgets the positions (not the status) of drivers whose fix is older than a time.</summary>
    /// <param name="olderThanUnixMs">By the server's clock, milliseconds since 1970.</param>
    /// <param name="left">Filled with the changes, to be published.</param>
    /// <returns>How many left; as many as fit means that there may be more, so sweep again.</returns>
    public int SweepStale(long olderThanUnixMs, Span<DriverChange> left)
    {
        int count = 0;
        for (int slot = 0; slot < _records.Capacity && count < left.Length; slot++)
        {
            ref DriverRecord record = ref _records[slot];
            // Without the lock first: nearly nobody is stale.
            if (record.HasFix && record.Fix.FixedAtUnixMs < olderThanUnixMs)
            {
                record.Lock.Enter();
                if (record.HasFix && record.Fix.FixedAtUnixMs < olderThanUnixMs)
                {
                    DriverEntry previous = record.Entry(slot);
                    Leave(ref record);
                    left[count++] = Commit(ref record, slot, previous);
                }
                else
                {
                    record.Lock.ExitUnchanged();
                }
            }
        }

        _cells.CleanUp();
        return count;
    }

    /// <summary>How many drivers are in which state.</summary>
    public FleetCounts Count() => _counter.Read();

    private DriverChange SetStatus(int slot, DriverAvailability? availability, DriverWork? work, DriverLink? link)
    {
        ref DriverRecord record = ref _records.GetOrAdd(slot);
        record.Lock.Enter();
        DriverEntry previous = record.Entry(slot);
        record.Status = new DriverStatus(
            availability ?? previous.Status.Availability,
            work ?? previous.Status.Work,
            link ?? previous.Status.Link);
        if (record.Cell is { } cell)
        {
            cell.Lock.Enter();
            cell.Occupants[record.IndexInCell].Status = StatusBits.Of(record.Status);
            cell.Lock.ExitUnchanged();
        }

        return Commit(ref record, slot, previous);
    }

    /// <summary>Ends a change: the caller is inside the record's lock, and is outside afterwards.</summary>
    private DriverChange Commit(ref DriverRecord record, int slot, in DriverEntry previous)
    {
        var change = new DriverChange { Previous = previous, Current = record.Entry(slot) };
        _counter.Apply(change);
        record.Lock.Exit();
        return change;
    }

    /// <summary>
    /// Takes a driver from its cell, if any, to another. Both are locked at once, so that a search which met the driver
    /// in both or in none finds that one of them has changed.
    /// </summary>
    private void Enter(ref DriverRecord record, int slot, long key)
    {
        var occupant = Occupant.Of(
            slot, StatusBits.Of(record.Status), record.Fix.LatitudeE7, record.Fix.LongitudeE7);
        Cell? from = record.Cell;
        var spin = new SpinWait();
        while (true)
        {
            Cell to = _cells.GetOrAdd(key);
            EnterBoth(from, to);
            bool usable = !to.IsRetired;
            if (usable)
            {
                TakeOut(ref record, from);
                record.IndexInCell = to.Add(occupant);
                record.Cell = to;
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

    private static void EnterBoth(Cell? from, Cell to)
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
        if (record.Cell is { } from)
        {
            from.Lock.Enter();
            TakeOut(ref record, from);
            from.Lock.Exit();
            record.Cell = null;
            record.HasFix = false;
        }
    }

    private void TakeOut(ref DriverRecord record, Cell? from)
    {
        int moved = from is null ? -1 : from.RemoveAt(record.IndexInCell);
        if (moved >= 0)
        {
            _records[moved].IndexInCell = record.IndexInCell;
        }
    }
}
