using System.Numerics;

namespace RideTracking.Engine.Index;

/// <summary>
/// A cell of the grid with its drivers. The more there are, the finer it is divided into cells of its own, so that
/// a cell holds some dozens wherever drivers crowd. Everything is changed inside the lock.
/// </summary>
internal sealed class Tile(long key)
{
    // Divided when a cell has more than this on average, joined when it has fewer: far apart, so that nobody who goes to and
    // fro over a border makes the tile change each time.
    private const int MaxMeanOccupants = 48;
    private const int MinMeanOccupants = 4;
    private const int MaxLevel = 6;

    public readonly long Key = key;

    /// <summary>Its version changes when somebody comes, goes or changes cells, not when somebody moves inside a cell.</summary>
    public SeqLock Lock;

    /// <summary>Guarded by the lock: taken out of the table while empty, to be used no more.</summary>
    public bool IsRetired;

    private Cell[] _cells = new Cell[1];
    private int _count;

    /// <summary>How many drivers are in it.</summary>
    public int Count => _count;

    /// <summary>Its cells, row by row from the south-west; a square of a power of two.</summary>
    public Cell[] Cells => _cells;

    /// <summary>The power of two that a number of cells stands for.</summary>
    public static int LevelOf(Cell[] cells) => BitOperations.Log2((uint)cells.Length) / 2;

    /// <summary>The cell of a place, in this tile.</summary>
    public ref Cell CellAt(GridPlace place) => ref At(_cells, place);

    /// <summary>Adds somebody, dividing the tile if it has become crowded. The caller is inside the lock.</summary>
    public void Add(GridPlace at, in Sighting driver, SlotTable<DriverRecord> records, EarthGrid grid)
    {
        records[driver.Slot].IndexInCell = CellAt(at).Add(driver);
        _count++;
        int level = LevelOf(_cells);
        if (level < MaxLevel && _count > MaxMeanOccupants << 2 * level)
        {
            DivideInto(level + 1, records, grid);
        }
    }

    /// <summary>Takes somebody out. The caller is inside the lock.</summary>
    public void Remove(GridPlace at, int indexInCell, SlotTable<DriverRecord> records)
    {
        CellAt(at).RemoveAt(indexInCell, records);
        _count--;
    }

    /// <summary>Gives back what a crowd that has gone does not need. The caller is inside the lock.</summary>
    /// <returns>Whether anything has changed.</returns>
    public bool Tidy(SlotTable<DriverRecord> records, EarthGrid grid)
    {
        int level = LevelOf(_cells);
        if (level > 0 && _count < MinMeanOccupants << 2 * level)
        {
            while (level > 0 && _count < MinMeanOccupants << 2 * level)
            {
                level--;
            }

            DivideInto(level, records, grid);
            return true;
        }

        bool changed = false;
        foreach (ref Cell cell in _cells.AsSpan())
        {
            changed |= cell.Shrink();
        }

        return changed;
    }

    private static ref Cell At(Cell[] cells, GridPlace place)
    {
        int level = LevelOf(cells);
        int shift = EarthGrid.PartBits - level;
        return ref cells[(place.Up >> shift << level) + (place.Right >> shift)];
    }

    private void DivideInto(int level, SlotTable<DriverRecord> records, EarthGrid grid)
    {
        var cells = new Cell[1 << 2 * level];
        foreach (ref Cell cell in _cells.AsSpan())
        {
            for (int index = 0; index < cell.Count; index++)
            {
                Occupant occupant = cell.Data.At(index);
                records[occupant.Slot].IndexInCell = At(cells, grid.Locate(occupant.Place)).Add(occupant);
            }
        }

        _cells = cells;
    }
}
