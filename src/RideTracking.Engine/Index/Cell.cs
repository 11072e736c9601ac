using System.Runtime.CompilerServices;

namespace RideTracking.Engine.Index;

/// <summary>A cell of the grid and who is in it.</summary>
internal sealed class Cell(long key)
{
    public readonly long Key = key;

    /// <summary>Its version changes when somebody comes or goes, not when somebody moves inside.</summary>
    public SeqLock Lock;

    /// <summary>Guarded by the lock: taken out of the table while empty, to be used no more.</summary>
    public bool IsRetired;

    /// <summary>The first of these are taken. Writers hold the lock; readers check the version.</summary>
    public Occupant[] Occupants = new Occupant[2];

    public int Count;

    /// <summary>Adds somebody and returns the index. The caller holds the lock.</summary>
    public int Add(in Occupant occupant)
    {
        if (Count == Occupants.Length)
        {
            Array.Resize(ref Occupants, Count * 2);
        }

        Occupants[Count] = occupant;
        return Count++;
    }

    /// <summary>
    /// Takes somebody out and returns the slot of who now has that index, or -1. The caller holds the lock.
    /// </summary>
    public int RemoveAt(int index)
    {
        int last = --Count;
        if (index == last)
        {
            return -1;
        }

        Occupants[index] = Occupants[last];
        return Occupants[index].Slot;
    }
}

/// <summary>What a search needs of every driver it passes, packed so that four fit a cache line.</summary>
internal struct Occupant
{
    private long _position; // both coordinates in one word, so that they are read and written at once

    public int Slot;

    /// <summary>See <see cref="StatusBits"/>.</summary>
    public byte Status;

    public static Occupant Of(int slot, byte status, int latitudeE7, int longitudeE7)
    {
        var occupant = new Occupant { Slot = slot, Status = status };
        occupant.MoveTo(latitudeE7, longitudeE7);
        return occupant;
    }

    public void MoveTo(int latitudeE7, int longitudeE7) =>
        Volatile.Write(ref _position, (long)latitudeE7 << 32 | (uint)longitudeE7);

    public readonly (int LatitudeE7, int LongitudeE7) Position
    {
        get
        {
            long position = Volatile.Read(ref Unsafe.AsRef(in _position));
            return ((int)(position >> 32), (int)position);
        }
    }
}
