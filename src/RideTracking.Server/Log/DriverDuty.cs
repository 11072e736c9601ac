namespace RideTracking.Server.Log;

/// <summary>
/// Which node acts for a driver where no fix has called for it: by time alone. The one that carries the driver; for whom nobody carries, the
/// one that holds the area's work. Thread-safe.
/// </summary>
internal sealed class DriverDuty(Carriers carriers, DriverLinks links, NodeLease lease)
{
    /// <summary>Whether this node carries the driver: what it knows of the driver is newer than what others have written.</summary>
    public bool IsCarriedHere(string driverId) => carriers.Of(driverId) is not null;

    /// <summary>Whether it is this node's.</summary>
    public bool IsOurs(string driverId) => IsCarriedHere(driverId) || (!links.IsConnected(driverId) && lease.HeldWork);
}
