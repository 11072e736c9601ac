using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Index;

/// <summary>Where every driver is now. Thread-safe; no I/O, and no lock is held when a method returns.</summary>
public sealed class DriverIndex
{
    private readonly Lock _lock = new();
    private DriverEntry[] _entries = [];

    /// <summary>
    /// Makes a fix the driver's present, unless it is older (by the server's clock) than the one that is there.
    /// </summary>
    /// <returns>False, and no change, when the fix is older.</returns>
    public bool Update(int slot, in Fix fix, out DriverChange change)
    {
        lock (_lock)
        {
            ref DriverEntry entry = ref EntryOf(slot);
            change = new DriverChange { Previous = Visible(entry) };
            if (fix.FixedAtUnixMs < entry.Fix.FixedAtUnixMs)
            {
                change.Current = change.Previous;
                return false;
            }

            entry.Fix = fix;
            entry.HasFix = true;
            change.Current = entry;
            return true;
        }
    }

    /// <summary>Sets all three parts of a driver's status, also of a driver without a position.</summary>
    public DriverChange SetStatus(int slot, DriverStatus status) => Change(slot, _ => status);

    /// <summary>Sets whether the driver's app is heard; leaves the rest.</summary>
    public DriverChange SetLink(int slot, DriverLink link) => Change(slot, status => status with { Link = link });

    /// <summary>Sets what the driver wants and does, as dispatch knows it; leaves the link.</summary>
    public DriverChange SetPlan(int slot, DriverAvailability availability, DriverWork work) =>
        Change(slot, status => status with { Availability = availability, Work = work });

    /// <summary>Forgets a driver's position and status.</summary>
    /// <returns>False when nothing was known.</returns>
    public bool Remove(int slot, out DriverChange change)
    {
        lock (_lock)
        {
            ref DriverEntry entry = ref EntryOf(slot);
            change = new DriverChange { Previous = Visible(entry) };
            entry.HasFix = false;
            entry.Status = default;
            change.Current = Visible(entry);
            return change.Previous.HasFix || change.Previous.Status != default;
        }
    }

    /// <summary>What is known of a driver; false when that is nothing.</summary>
    public bool TryGet(int slot, out DriverEntry entry)
    {
        lock (_lock)
        {
            entry = slot < _entries.Length ? Visible(_entries[slot]) : default;
            entry.Slot = slot;
            return entry.HasFix || entry.Status != default;
        }
    }

    /// <summary>The drivers nearest to a place, nearest first.</summary>
    /// <param name="center">Where to look from.</param>
    /// <param name="radiusMeters">How far to look, above 0.</param>
    /// <param name="filter">Which drivers count.</param>
    /// <param name="results">Filled from the start; its length is how many are wanted.</param>
    /// <returns>How many were found.</returns>
    public int Nearest(GeoPoint center, double radiusMeters, in DriverFilter filter, Span<NearbyDriver> results)
    {
        var found = new List<NearbyDriver>();
        lock (_lock)
        {
            foreach (ref readonly DriverEntry entry in _entries.AsSpan())
            {
                double distance = Earth.DistanceMeters(center, entry.Fix.Point);
                if (distance <= radiusMeters && filter.Matches(entry))
                {
                    found.Add(new NearbyDriver(entry.Slot, distance, entry.Fix.FixedAtUnixMs, entry.Fix.Point));
                }
            }
        }

        found.Sort((a, b) => a.DistanceMeters.CompareTo(b.DistanceMeters));
        int count = Math.Min(found.Count, results.Length);
        found[..count].CopyTo(results);
        return count;
    }

    /// <summary>The drivers within an area, in no order.</summary>
    /// <returns>How many there are; when more than fit, ask again with a longer span.</returns>
    public int Within(GeoRectangle area, Span<DriverEntry> results)
    {
        int count = 0;
        lock (_lock)
        {
            foreach (ref readonly DriverEntry entry in _entries.AsSpan())
            {
                if (entry.HasFix && area.Contains(entry.Fix.Point))
                {
                    if (count < results.Length)
                    {
                        results[count] = entry;
                    }

                    count++;
                }
            }
        }

        return count;
    }

    /// <summary>Forgets the positions (not the status) of drivers whose fix is older than a time.</summary>
    /// <param name="olderThanUnixMs">By the server's clock, milliseconds since 1970.</param>
    /// <param name="left">Filled with the changes, to be published.</param>
    /// <returns>How many left; as many as fit means that there may be more.</returns>
    public int SweepStale(long olderThanUnixMs, Span<DriverChange> left)
    {
        int count = 0;
        lock (_lock)
        {
            foreach (ref DriverEntry entry in _entries.AsSpan())
            {
                if (count < left.Length && entry.HasFix && entry.Fix.FixedAtUnixMs < olderThanUnixMs)
                {
                    left[count].Previous = entry;
                    entry.HasFix = false;
                    left[count++].Current = Visible(entry);
                }
            }
        }

        return count;
    }

    /// <summary>How many drivers are in which state.</summary>
    public FleetCounts Count()
    {
        lock (_lock)
        {
            return new FleetCounts(
                _entries.Count(entry => entry.Status.Link == DriverLink.Connected),
                _entries.Count(entry => entry.Status is
                    (DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected)),
                _entries.Count(entry => entry.Status.Work == DriverWork.Offered),
                _entries.Count(entry => entry.Status.Work == DriverWork.ToPickup),
                _entries.Count(entry => entry.Status.Work == DriverWork.OnTrip),
                _entries.Count(entry => entry.HasFix));
        }
    }

    private DriverChange Change(int slot, Func<DriverStatus, DriverStatus> change)
    {
        lock (_lock)
        {
            ref DriverEntry entry = ref EntryOf(slot);
            DriverEntry previous = Visible(entry);
            entry.Status = change(entry.Status);
            return new DriverChange { Previous = previous, Current = Visible(entry) };
        }
    }

    private static DriverEntry Visible(in DriverEntry entry) =>
        entry.HasFix ? entry : new DriverEntry { Slot = entry.Slot, Status = entry.Status };

    private ref DriverEntry EntryOf(int slot)
    {
        int before = _entries.Length;
        if (slot >= before)
        {
            Array.Resize(ref _entries, Math.Max(slot + 1, before * 2));
            for (int added = before; added < _entries.Length; added++)
            {
                _entries[added].Slot = added;
            }
        }

        return ref _entries[slot];
    }
}
