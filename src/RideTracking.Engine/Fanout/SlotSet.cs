using System.Numerics;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Fanout;

/// <summary>A set of slots, one bit each: as big as the fleet, never bigger. Thread-safe without locks.</summary>
internal sealed class SlotSet
{
    private const int WordBits = 6;

    private readonly SlotTable<ulong> _words = new();

    /// <summary>
    /// Adds a slot; false when it was there. A full fence even then: what the caller wrote before is seen by whoever
    /// takes the slot after.
    /// </summary>
    public bool Add(int slot)
    {
        ulong bit = BitOf(slot);
        return (Interlocked.Or(ref _words.GetOrAdd(slot >> WordBits), bit) & bit) == 0;
    }

    /// <summary>Takes a slot out; false when it was not there.</summary>
    public bool Remove(int slot)
    {
        ulong bit = BitOf(slot);
        return _words.Contains(slot >> WordBits) && (Interlocked.And(ref _words[slot >> WordBits], ~bit) & bit) != 0;
    }

    /// <summary>Takes out the first slot at or after one, and tells it; -1 when there is none.</summary>
    public int TakeFirstFrom(int slot)
    {
        for (int word = slot >> WordBits; word < _words.Capacity; word++)
        {
            ulong bits = Volatile.Read(ref _words[word]);
            if (word == slot >> WordBits)
            {
                bits &= ulong.MaxValue << (slot & 63);
            }

            while (bits != 0)
            {
                int first = (word << WordBits) + BitOperations.TrailingZeroCount(bits);
                if (Remove(first))
                {
                    return first;
                }

                bits &= bits - 1;
            }
        }

        return -1;
    }

    private static ulong BitOf(int slot) => 1UL << (slot & 63);
}
