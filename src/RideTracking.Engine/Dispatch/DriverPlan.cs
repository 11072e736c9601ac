using System.Collections.Immutable;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

/// <summary>
/// What a driver chose and has to do. One driver has one job: an open offer or a trip, never both, never two.
/// </summary>
/// <param name="DriverId">Whose plan it is.</param>
/// <param name="Version">Rises by one with each change; 0 for a driver never heard of.</param>
/// <param name="Availability">Whether the driver wants trips.</param>
/// <param name="RoutePlanVersion">Rises with each <see cref="RouteChanged"/>.</param>
public sealed record DriverPlan(string DriverId, ulong Version, DriverAvailability Availability, ulong RoutePlanVersion)
{
    /// <summary>The trip whose offer waits for the driver's answer.</summary>
    public string? OfferedTripId { get; init; }

    /// <summary>The driver's trips, in order.</summary>
    public ImmutableArray<string> TripIds { get; init; } = [];

    /// <summary>What the driver is doing.</summary>
    public DriverWork Work { get; init; } = DriverWork.Idle;

    /// <summary>The plan of a driver never heard of.</summary>
    public static DriverPlan Empty(string driverId) => new(driverId, 0, DriverAvailability.Offline, 0);
}
