using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace RideTracking.Engine.Index;

/// <summary>
/// Gives each driver a dense number from 0, its slot, for as long as the process lives. Thread-safe. Slots are never
/// taken back: others hold on to them, and there are no more than drivers in the company's directory.
/// </summary>
public sealed class DriverSlots
{
    private readonly ConcurrentDictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();
    private volatile string[] _ids = new string[1024];
    private volatile int _count;

    /// <summary>How many drivers have a slot; slots run from 0 to below this.</summary>
    public int Count => _count;

    /// <summary>The driver's slot, a new one the first time.</summary>
    /// <param name="driverId">The company's id, compared ordinally.</param>
    public int GetOrAdd(string driverId)
    {
        if (_slots.TryGetValue(driverId, out int known))
        {
            return known;
        }

        lock (_adding)
        {
            if (_slots.TryGetValue(driverId, out known))
            {
                return known;
            }

            int slot = _count;
            string[] ids = _ids;
            if (slot == ids.Length)
            {
                Array.Resize(ref ids, slot * 2);
            }

            ids[slot] = driverId;
            _ids = ids;
            _count = slot + 1;
            _slots[driverId] = slot;
            return slot;
        }
    }

    /// <summary>The driver's slot, if it has one.</summary>
    public bool TryGet(string driverId, out int slot) => _slots.TryGetValue(driverId, out slot);

    /// <summary>The driver's id.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No driver has this slot.</exception>
    public string IdOf(int slot) => TryGetId(slot, out string? id)
        ? id
        : throw new ArgumentOutOfRangeException(nameof(slot), slot, "No driver has this slot.");

    /// <summary>The driver's id, if a driver has this slot.</summary>
    public bool TryGetId(int slot, [NotNullWhen(true)] out string? driverId)
    {
        bool known = (uint)slot < (uint)_count;
        driverId = known ? _ids[slot] : null;
        return known;
    }
}
