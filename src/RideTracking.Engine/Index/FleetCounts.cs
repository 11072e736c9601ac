namespace RideTracking.Engine.Index;

/// <summary>How many drivers are in which state.</summary>
/// <param name="Connected">With an open stream.</param>
/// <param name="AvailableIdle">Connected, available and without a trip or offer: an offer would reach them.</param>
/// <param name="Offered">With an offer to decide on.</param>
/// <param name="ToPickup">On the way to a pick-up.</param>
/// <param name="OnTrip">With passengers.</param>
/// <param name="Tracked">With a position that has not been swept as stale.</param>
public readonly record struct FleetCounts(
    int Connected, int AvailableIdle, int Offered, int ToPickup, int OnTrip, int Tracked);
