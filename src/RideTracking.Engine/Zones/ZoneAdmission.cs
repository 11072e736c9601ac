using System.Collections.Immutable;

namespace RideTracking.Engine.Zones;

/// <summary>Whether trips may start or end at a place.</summary>
/// <param name="ServiceAreas">The service areas that the place is in.</param>
/// <param name="NoPickupZones">The no-pickup zones that it is in.</param>
/// <param name="ServedEverywhere">There is no service area at all, so every place is served.</param>
public readonly record struct ZoneAdmission(
    ImmutableArray<Zone> ServiceAreas, ImmutableArray<Zone> NoPickupZones, bool ServedEverywhere)
{
    /// <summary>A trip may end or stop here.</summary>
    public bool IsServed => ServedEverywhere || !ServiceAreas.IsEmpty;

    /// <summary>A trip may start here.</summary>
    public bool AllowsPickup => IsServed && NoPickupZones.IsEmpty;
}
