using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

/// <summary>Something that happens to a trip or a driver's plan, before it is decided what follows from it.</summary>
public abstract record DispatchEvent
{
    /// <summary>When it happened, as who did it says; null for now.</summary>
    public DateTimeOffset? OccurredAt { get; init; }
}

/// <summary>Where a driver is.</summary>
/// <param name="Point">The place.</param>
/// <param name="CourseDegrees">Where to, degrees clockwise from true north; null when the car stands or nobody knows.</param>
public readonly record struct DriverPlace(GeoPoint Point, double? CourseDegrees = null);

/// <summary>A rider asks for a ride.</summary>
public sealed record RideRequested(
    string TripId, string RiderId, ImmutableArray<RequestedWaypoint> Waypoints, int PartySize, string Note) : DispatchEvent;

/// <summary>Matching found a driver for a trip.</summary>
public sealed record DriverChosen(string DriverId, double PickupDistanceMeters, TimeSpan PickupEta) : DispatchEvent;

/// <summary>A driver answers an offer. The route begins where the driver is, if that is known.</summary>
public sealed record OfferAnswered(string DriverId, string OfferId, bool Accepted, DriverPlace? DriverAt) : DispatchEvent;

/// <summary>The time to answer the open offer is over.</summary>
public sealed record OfferTimeEnded : DispatchEvent;

/// <summary>A driver tells how a trip gets on. The route begins where the driver is, if that is known.</summary>
public sealed record WaypointProgressed(string DriverId, string WaypointId, WaypointStep Step, DriverPlace? DriverAt) : DispatchEvent;

/// <summary>A rider changes where the trip goes.</summary>
/// <param name="ExpectedVersion">The version that the rider saw.</param>
/// <param name="Waypoints">All that are not done, in order.</param>
/// <param name="DriverAt">Where the driver is, if known: the route begins there.</param>
public sealed record WaypointsRequested(
    ulong ExpectedVersion, ImmutableArray<RequestedWaypoint> Waypoints, DriverPlace? DriverAt) : DispatchEvent;

/// <summary>The way is to be found anew: the driver left it, or the roads changed.</summary>
/// <param name="RouteVersion">Of the route that this is about; when the trip has another meanwhile, nothing changes.</param>
/// <param name="Reason">What the driver is told.</param>
/// <param name="DriverAt">Where the driver is: the route begins there.</param>
public sealed record RouteOutdated(ulong RouteVersion, RouteChangeReason Reason, DriverPlace DriverAt) : DispatchEvent;

/// <summary>Somebody ends the trip; with a driver's id, that driver.</summary>
public sealed record CancelRequested(TripActor Actor, CancellationReason Reason, string Note, string? DriverId = null) : DispatchEvent;

/// <summary>The time to find a driver is over.</summary>
public sealed record SearchTimeEnded : DispatchEvent;

/// <summary>The trip has lasted as long as any may.</summary>
public sealed record TripTimeEnded : DispatchEvent;

/// <summary>A driver chooses whether to be offered trips; only one whom the company's directory knows can be offered any.</summary>
public sealed record AvailabilityChosen(string DriverId, DriverAvailability Availability, bool InDirectory) : DispatchEvent;
