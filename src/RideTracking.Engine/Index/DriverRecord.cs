using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Index;

/// <summary>All that the index keeps of one driver.</summary>
internal struct DriverRecord
{
    /// <summary>Guards everything here but the place in the cell.</summary>
    public SeqLock Lock;

    public DriverStatus Status;

    /// <summary>False before the first fix and after the position was taken away.</summary>
    public bool HasFix;

    /// <summary>The newest fix; kept when the position is taken away, so that an older one does not bring it back.</summary>
    public Fix Fix;

    /// <summary>The cell the driver is in, null without a position.</summary>
    public Cell? Cell;

    /// <summary>Where in the cell; guarded by the cell's lock, since others leaving the cell change it.</summary>
    public int IndexInCell;

    /// <summary>For whoever is inside the lock.</summary>
    public readonly DriverEntry Entry(int slot) => new()
    {
        Slot = slot,
        HasFix = HasFix,
        Status = Status,
        Fix = HasFix ? Fix : default,
    };

    /// <summary>For everybody: what belongs together.</summary>
    public DriverEntry Read(int slot)
    {
        while (true)
        {
            int version = Lock.ReadVersion();
            DriverEntry entry = Entry(slot);
            if (Lock.IsStill(version))
            {
                return entry;
            }
        }
    }
}
