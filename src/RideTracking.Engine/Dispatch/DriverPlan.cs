using System.Collections.Immutable;
using System.Text.Json.Serialization;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

/// <summary>
/// What a driver chose and has to do: one open offer at most, one trip with a second one queued behind it, or several
/// shared ones within the seats. The plan owns the way, over the stops of all its trips in the order of driving.
/// </summary>
/// <param name="DriverId">Whose plan it is.</param>
/// <param name="Version">Rises by one with each change; 0 for a driver never heard of.</param>
/// <param name="Availability">Whether the driver wants trips.</param>
/// <param name="RoutePlanVersion">Rises with each <see cref="RouteChanged"/>.</param>
public sealed record DriverPlan(string DriverId, ulong Version, DriverAvailability Availability, ulong RoutePlanVersion)
{
    /// <inheritdoc cref="Trip.Token"/>
    [JsonIgnore]
    public ulong Token { get; init; }

    /// <summary>The trip whose offer waits for the driver's answer.</summary>
    public string? OfferedTripId { get; init; }

    /// <summary>The driver's trips, in the order in which they were taken.</summary>
    public ImmutableArray<PlannedTrip> Trips { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>All that is ahead, over all trips, in the order of driving.</summary>
    public ImmutableArray<PlannedStop> Stops { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The way through <see cref="Stops"/>; null when there are none.</summary>
    public TripRoute? Route { get; init; }

    /// <summary>The version of the last way that was made; that of the next one is higher.</summary>
    public ulong RoutesMade { get; init; }

    /// <summary>How often the way changed without anybody having asked, since the driver was last idle.</summary>
    public int RouteChanges { get; init; }

    /// <summary>Passenger seats of the driver's vehicle, as last known; 0 when not known.</summary>
    public int Seats { get; init; }

    /// <summary>Offers declined or not answered since the last one that was accepted.</summary>
    public int RecentRefusals { get; init; }

    /// <summary>The driver is asked for nothing before this.</summary>
    public DateTimeOffset? CoolDownUntil { get; init; }

    /// <summary>Why the company lets this driver not work; null when it does.</summary>
    public string? BlockedReason { get; init; }

    /// <summary>The ids of <see cref="Trips"/>.</summary>
    public ImmutableArray<string> TripIds => [.. Trips.Select(t => t.TripId)];

    /// <summary>What the driver is doing.</summary>
    public DriverWork Work =>
        Trips.Any(t => t.IsOnBoard) ? DriverWork.OnTrip
        : !Trips.IsEmpty ? DriverWork.ToPickup
        : OfferedTripId is not null ? DriverWork.Offered
        : DriverWork.Idle;

    /// <summary>The plan of a driver never heard of.</summary>
    public static DriverPlan Empty(string driverId) => new(driverId, 0, DriverAvailability.Offline, 0);

    /// <summary>When the car is to arrive at a waypoint; null when that is not ahead.</summary>
    public DateTimeOffset? ArrivalAt(string waypointId) => Stops.FirstOrDefault(s => s.WaypointId == waypointId)?.EstimatedArrival;
}

/// <summary>A trip in a driver's plan.</summary>
/// <param name="TripId">Which.</param>
/// <param name="PartySize">How many people ride.</param>
/// <param name="CanShare">Others may ride along.</param>
/// <param name="IsOnBoard">The rider is in the car.</param>
/// <param name="Direct">How long the ride takes without a detour.</param>
public sealed record PlannedTrip(string TripId, int PartySize, bool CanShare, bool IsOnBoard, TimeSpan Direct)
{
    /// <summary>When the rider got in.</summary>
    public DateTimeOffset? PickedUpAt { get; init; }

    /// <summary>When the rider was told that the car would come, at the assignment.</summary>
    public DateTimeOffset? PromisedPickup { get; init; }
}

/// <summary>A waypoint as the driver has it ahead.</summary>
/// <param name="TripId">Whose it is.</param>
/// <param name="WaypointId">Which.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="State">How far it has got.</param>
/// <param name="Location">Where it is.</param>
/// <param name="Label">What people call the place; may be empty.</param>
public sealed record PlannedStop(string TripId, string WaypointId, WaypointKind Kind, WaypointState State, GeoPoint Location, string Label)
{
    /// <summary>Estimated arrival; null when the car is there.</summary>
    public DateTimeOffset? EstimatedArrival { get; init; }
}
