using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RideTracking.Engine.Index;

/// <summary>Who is in a part of a tile. Changed inside the tile's lock; searches check the tile's version.</summary>
internal struct Cell
{
    private int[]? _data;

    /// <summary>How many there are.</summary>
    public int Count;

    /// <summary>The first <see cref="Count"/> are taken.</summary>
    public readonly Occupants Data => new(_data);

    /// <summary>Adds somebody and returns the index.</summary>
    public int Add(in Sighting driver) => Add(new Occupant(
        driver.Slot, driver.Place, driver.Bits, DriverMatch.SecondsOf(driver.FixedAtUnixMs)));

    public int Add(in Occupant occupant)
    {
        Occupants data = Data;
        if (Count == data.Capacity)
        {
            data = Resize(Math.Max(Count + 4, Count + Count / 8));
        }

        data.Set(Count, occupant);
        return Count++;
    }

    /// <summary>Takes somebody out; the last takes the place, if it is another.</summary>
    public void RemoveAt(int index, SlotTable<DriverRecord> records)
    {
        int last = --Count;
        if (index != last)
        {
            Occupants data = Data;
            Occupant moved = data.At(last);
            data.Set(index, moved);
            records[moved.Slot].IndexInCell = index;
        }
    }

    /// <summary>Gives back room when most of it is free.</summary>
    public bool Shrink()
    {
        if (Data.Capacity - Count <= 4 + Count / 2)
        {
            return false;
        }

        Resize(Count);
        return true;
    }

    private Occupants Resize(int capacity)
    {
        Occupants before = Data;
        int[]? data = capacity == 0 ? null : Occupants.Allocate(capacity);
        var after = new Occupants(data);
        for (int index = 0; index < Count; index++)
        {
            after.Set(index, before.At(index));
        }

        // A search may be reading: everything in it before it is seen.
        Volatile.Write(ref _data, data);
        return after;
    }
}

/// <summary>What a search needs of every driver it passes.</summary>
internal readonly record struct Occupant(int Slot, Place Place, uint Bits, uint Seconds);

/// <summary>
/// Occupants of a cell, each field in a row of its own in one array, so that a search tests several at once: places
/// (two words each), bits, seconds, slots. The room is a multiple of four.
/// </summary>
internal readonly struct Occupants(int[]? data)
{
    private const int WordsEach = 5;

    public int Capacity => data is null ? 0 : data.Length / WordsEach;

    /// <summary>All words, places first. Only while there is room for anybody.</summary>
    public ref int Start => ref MemoryMarshal.GetArrayDataReference(data!);

    /// <summary>The words that <see cref="BitsAt"/> tells one by one. Only while there is room for anybody.</summary>
    public ref int Bits => ref Unsafe.Add(ref Start, 2 * Capacity);

    public static int[] Allocate(int capacity) => new int[(capacity + 3 & ~3) * WordsEach];

    public Place PlaceAt(int index) =>
        new(Volatile.Read(ref Unsafe.As<int, long>(ref Unsafe.Add(ref Start, 2 * Checked(index)))));

    public uint BitsAt(int index) => (uint)Word(2, index);

    public uint SecondsAt(int index) => (uint)Word(3, index);

    public int SlotAt(int index) => Word(4, index);

    public Occupant At(int index) => new(SlotAt(index), PlaceAt(index), BitsAt(index), SecondsAt(index));

    public void Set(int index, in Occupant occupant)
    {
        Word(4, index) = occupant.Slot;
        Move(index, occupant.Place, occupant.Bits, occupant.Seconds);
    }

    public void Move(int index, Place place, uint bits, uint seconds)
    {
        SetBits(index, bits);
        Word(3, index) = (int)seconds;
        Volatile.Write(ref Unsafe.As<int, long>(ref Unsafe.Add(ref Start, 2 * Checked(index))), place.Bits);
    }

    public void SetBits(int index, uint bits) => Word(2, index) = (int)bits;

    private ref int Word(int row, int index) => ref Unsafe.Add(ref Start, row * Capacity + Checked(index));

    private int Checked(int index) => (uint)index < (uint)Capacity ? index : throw new ArgumentOutOfRangeException(nameof(index));
}
