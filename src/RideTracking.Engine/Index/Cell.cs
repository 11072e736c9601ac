using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RideTracking.Engine.Index;

/// <summary>Who is in a part of a tile. Changed inside the tile's lock; searches check the tile's version.</summary>
internal struct Cell
{
    private int[]? _data;

    /// <summary>How many there are.</summary>
    public int Count;

    /// <summary>
    /// Tells of somebody who changes and stays in the cell, which the tile's version does not: that would disturb every
    /// search in the tile.
    /// </summary>
    public SeqLock Renewals;

    /// <summary>The first <see cref="Count"/> are taken.</summary>
    public readonly Occupants Data => new(_data);

    /// <summary>Adds somebody and returns the index.</summary>
    public int Add(in Sighting driver) => Add(Occupant.Of(driver));

    /// <inheritdoc cref="Add(in Sighting)"/>
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

    /// <summary>Renews somebody who stays; touches only what is another.</summary>
    public void Renew(int index, in Sighting before, in Sighting after)
    {
        Renewals.EnterAlone();
        Data.Renew(index, Occupant.Of(before), Occupant.Of(after));
        Renewals.Exit();
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

/// <summary>What a search needs of every driver it passes, in 20 bytes.</summary>
/// <param name="Slot">The driver.</param>
/// <param name="Place">Where.</param>
/// <param name="Bits">See <see cref="StatusBits"/>; the flags' byte is the high byte of the time.</param>
/// <param name="TimeLow">The rest of the time: 40 bits of milliseconds since 2015. 0 stands for all before, the last for all after.</param>
internal readonly record struct Occupant(int Slot, Place Place, uint Bits, uint TimeLow)
{
    private const long EpochUnixMs = 1_420_070_400_000; // 2015-01-01; until 2049
    private const long LastTime = (1L << 40) - 1;

    public static Occupant Of(in Sighting driver)
    {
        long time = Math.Clamp(driver.FixedAtUnixMs - EpochUnixMs, 0, LastTime);
        return new Occupant(
            driver.Slot, driver.Place, StatusBits.WithoutFlags(driver.Bits) | (uint)(time >> 32) << 24, (uint)time);
    }

    /// <summary>The time of the fix; false when it is so far off that only the driver's record has it.</summary>
    public static bool TryGetTime(uint bits, uint timeLow, out long fixedAtUnixMs)
    {
        long time = (long)(bits >> 24) << 32 | timeLow;
        fixedAtUnixMs = time + EpochUnixMs;
        return time is > 0 and < LastTime;
    }
}

/// <summary>
/// Occupants of a cell, each field in a row of its own in one array, so that a search tests several at once: places
/// (two words each), bits, times, slots. The room is a multiple of four.
/// </summary>
internal readonly struct Occupants(int[]? data)
{
    private const int WordsEach = 5;

    public int Capacity => data is null ? 0 : data.Length / WordsEach;

    /// <summary>All words, places first. Only while there is room for anybody.</summary>
    public ref int Start => ref MemoryMarshal.GetArrayDataReference(data!);

    /// <summary>The words that <see cref="BitsAt"/> tells one by one. Only while there is room for anybody.</summary>
    public ref int Bits => ref Unsafe.Add(ref Start, 2 * Capacity);

    /// <summary>For who will soon look at the places and bits of the first so many.</summary>
    public void PrefetchTests(int count)
    {
        const int wordsInLine = Prefetch.LineBytes / sizeof(int);
        ref int places = ref Start;
        for (int word = 0; word < 2 * count; word += wordsInLine)
        {
            Prefetch.Line(in Unsafe.Add(ref places, word));
        }

        ref int bits = ref Bits;
        for (int word = 0; word < count; word += wordsInLine)
        {
            Prefetch.Line(in Unsafe.Add(ref bits, word));
        }
    }

    public static int[] Allocate(int capacity) => new int[(capacity + 3 & ~3) * WordsEach];

    public Place PlaceAt(int index) =>
        new(Volatile.Read(ref Unsafe.As<int, long>(ref Unsafe.Add(ref Start, 2 * Checked(index)))));

    public uint BitsAt(int index) => (uint)Word(2, index);

    public uint TimeLowAt(int index) => (uint)Word(3, index);

    public int SlotAt(int index) => Word(4, index);

    public Occupant At(int index) => new(SlotAt(index), PlaceAt(index), BitsAt(index), TimeLowAt(index));

    public void Set(int index, in Occupant occupant)
    {
        Word(2, index) = (int)occupant.Bits;
        Word(3, index) = (int)occupant.TimeLow;
        Word(4, index) = occupant.Slot;
        PlaceWordsAt(index, occupant.Place);
    }

    public void Renew(int index, in Occupant before, in Occupant after)
    {
        if (after.Bits != before.Bits)
        {
            Word(2, index) = (int)after.Bits;
        }

        if (after.TimeLow != before.TimeLow)
        {
            Word(3, index) = (int)after.TimeLow;
        }

        PlaceWordsAt(index, after.Place);
    }

    private void PlaceWordsAt(int index, Place place) =>
        Volatile.Write(ref Unsafe.As<int, long>(ref Unsafe.Add(ref Start, 2 * Checked(index))), place.Bits);

    private ref int Word(int row, int index) => ref Unsafe.Add(ref Start, row * Capacity + Checked(index));

    private int Checked(int index) => (uint)index < (uint)Capacity ? index : throw new ArgumentOutOfRangeException(nameof(index));
}
