using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Index;

/// <summary>What the index knows of one driver at one moment.</summary>
public struct DriverEntry
{
    /// <summary>The driver's dense number, see <see cref="DriverSlots"/>.</summary>
    public int Slot { get; set; }

    /// <summary>False when the driver has no position, or had one that was removed or went stale.</summary>
    public bool HasFix { get; set; }

    /// <summary>Availability, work and link.</summary>
    public DriverStatus Status { get; set; }

    /// <summary>The newest fix; only meaningful when there is one.</summary>
    public Fix Fix { get; set; }
}

/// <summary>A change of one driver: what was and what is.</summary>
public struct DriverChange
{
    /// <summary>Before the change.</summary>
    public DriverEntry Previous { get; set; }

    /// <summary>After the change.</summary>
    public DriverEntry Current { get; set; }
}
