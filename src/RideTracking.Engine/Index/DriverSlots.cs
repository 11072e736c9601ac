using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace RideTracking.Engine.Index;

/// <summary>
/// Gives each driver a dense number from 0, its slot, for as long as the process lives. Thread-safe; finding takes no
/// lock. Slots are never taken back: others hold on to them, and there are no more than drivers in the company's
/// directory.
/// </summary>
/// <remarks>Ids are kept as UTF-8, one after the other: a million string objects would take more than the index.</remarks>
public sealed class DriverSlots
{
    /// <summary>An id may have so many bytes as UTF-8.</summary>
    public const int MaxIdBytes = 1_024;

    private const int ChunkBits = 16;
    private const int ShortLength = 0x80; // below it one byte tells the length, from it on two

    private readonly Lock _adding = new();
    private readonly SlotTable<uint> _starts = new();
    private volatile byte[][] _chunks = [];
    private volatile int[] _slots = new int[1024]; // slot + 1 by hash, a power of two, open addressing; 0 is free
    private volatile int _count;
    private uint _end;

    /// <summary>How many drivers have a slot; slots run from 0 to below this.</summary>
    public int Count => _count;

    /// <summary>The driver's slot, a new one the first time.</summary>
    /// <param name="driverId">The company's id, compared ordinally.</param>
    /// <exception cref="ArgumentException">The id is longer than <see cref="MaxIdBytes"/>.</exception>
    public int GetOrAdd(string driverId)
    {
        Span<byte> buffer = stackalloc byte[MaxIdBytes];
        if (Encoding.UTF8.TryGetBytes(driverId, buffer, out int length))
        {
            ReadOnlySpan<byte> id = buffer[..length];
            int hash = HashOf(id);
            return Find(_slots, id, hash, out _) is >= 0 and var known ? known : Add(id, hash);
        }

        throw new ArgumentException($"An id has at most {MaxIdBytes} bytes.", nameof(driverId));
    }

    /// <summary>The driver's slot, if it has one.</summary>
    public bool TryGet(string driverId, out int slot)
    {
        Span<byte> buffer = stackalloc byte[MaxIdBytes];
        slot = Encoding.UTF8.TryGetBytes(driverId, buffer, out int length)
            ? Find(_slots, buffer[..length], HashOf(buffer[..length]), out _)
            : -1;
        return slot >= 0;
    }

    /// <summary>The driver's id, a new string each time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No driver has this slot.</exception>
    public string IdOf(int slot) => TryGetId(slot, out string? id)
        ? id
        : throw new ArgumentOutOfRangeException(nameof(slot), slot, "No driver has this slot.");

    /// <summary>The driver's id, if a driver has this slot; a new string each time.</summary>
    public bool TryGetId(int slot, [NotNullWhen(true)] out string? driverId)
    {
        driverId = (uint)slot < (uint)_count ? Encoding.UTF8.GetString(BytesOf(slot)) : null;
        return driverId is not null;
    }

    private int Add(ReadOnlySpan<byte> id, int hash)
    {
        lock (_adding)
        {
            int[] slots = _slots;
            if (Find(slots, id, hash, out int free) is >= 0 and var known)
            {
                return known;
            }

            int slot = _count;
            _starts.GetOrAdd(slot) = Store(id);
            if ((slot + 1) * 5L > slots.Length * 4L)
            {
                // At most four fifths full, so that a search for an unknown id ends soon.
                slots = Grow(slots);
                Find(slots, id, hash, out free);
            }

            Volatile.Write(ref slots[free], slot + 1);
            _slots = slots;
            _count = slot + 1;
            return slot;
        }
    }

    private int[] Grow(int[] before)
    {
        var slots = new int[before.Length * 2];
        for (int slot = 0; slot < _count; slot++)
        {
            ReadOnlySpan<byte> id = BytesOf(slot);
            Find(slots, id, HashOf(id), out int free);
            slots[free] = slot + 1;
        }

        return slots;
    }

    private uint Store(ReadOnlySpan<byte> id)
    {
        const int chunkLength = 1 << ChunkBits;
        int head = id.Length < ShortLength ? 1 : 2;
        int needed = head + id.Length;
        uint start = _end;
        if ((start & (chunkLength - 1)) + needed > chunkLength)
        {
            start = (start >> ChunkBits) + 1 << ChunkBits; // an id lies in one chunk
        }

        if (start >> ChunkBits == _chunks.Length)
        {
            _chunks = [.. _chunks, new byte[chunkLength]];
        }

        Span<byte> room = _chunks[start >> ChunkBits].AsSpan((int)(start & (chunkLength - 1)), needed);
        room[0] = (byte)(head == 1 ? id.Length : id.Length | ShortLength);
        if (head == 2)
        {
            room[1] = (byte)(id.Length >> 7);
        }

        id.CopyTo(room[head..]);
        _end = start + (uint)needed;
        return start;
    }

    private ReadOnlySpan<byte> BytesOf(int slot)
    {
        uint start = _starts[slot];
        ReadOnlySpan<byte> stored = _chunks[start >> ChunkBits].AsSpan((int)(start & ((1 << ChunkBits) - 1)));
        return stored[0] < ShortLength
            ? stored.Slice(1, stored[0])
            : stored.Slice(2, stored[0] & (ShortLength - 1) | stored[1] << 7);
    }

    /// <summary>The slot of an id, or -1 and the place in the table where it belongs.</summary>
    private int Find(int[] slots, ReadOnlySpan<byte> id, int hash, out int free)
    {
        int mask = slots.Length - 1;
        for (free = hash & mask; ; free = free + 1 & mask)
        {
            int slot = Volatile.Read(ref slots[free]) - 1;
            if (slot < 0 || BytesOf(slot).SequenceEqual(id))
            {
                return slot;
            }
        }
    }

    private static int HashOf(ReadOnlySpan<byte> id)
    {
        var hash = new HashCode();
        hash.AddBytes(id);
        return hash.ToHashCode();
    }
}
