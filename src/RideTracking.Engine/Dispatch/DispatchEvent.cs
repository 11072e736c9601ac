using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

/// <summary>Something that happens to a trip or a driver's plan, before it is decided what follows from it.</summary>
public abstract record DispatchEvent
{
    /// <summary>When it happened, as who did it says; null for now.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>Where the drivers whom it is about are, as far as that is known: their new ways begin there.</summary>
    public ImmutableArray<DriverPlace> Places { get; init; } = [];
}

/// <summary>Where a driver is.</summary>
/// <param name="DriverId">Who.</param>
/// <param name="Point">The place.</param>
/// <param name="CourseDegrees">Where to, degrees clockwise from true north; null when the car stands or nobody knows.</param>
public readonly record struct DriverPlace(string DriverId, GeoPoint Point, double? CourseDegrees = null);

/// <summary>A rider asks for a ride, or the company does for the rider.</summary>
public sealed record RideRequested(
    string TripId, string RiderId, ImmutableArray<RequestedWaypoint> Waypoints, int PartySize, string Note, TripActor Actor = TripActor.Rider) : DispatchEvent
{
    /// <summary>What else was asked for.</summary>
    public TripTerms Terms { get; init; } = TripTerms.Plain;
}

/// <summary>It is time to look for a driver for a scheduled trip.</summary>
public sealed record SearchDue : DispatchEvent;

/// <summary>Matching found a driver for a trip.</summary>
/// <param name="DriverId">Who.</param>
/// <param name="PickupDistanceMeters">From the driver to the pick-up.</param>
/// <param name="PickupEta">How long it takes the driver to be there.</param>
/// <param name="Seats">Passenger seats of the driver's vehicle; 0 when not known.</param>
public sealed record DriverChosen(string DriverId, double PickupDistanceMeters, TimeSpan PickupEta, int Seats = 0) : DispatchEvent;

/// <summary>A driver answers an offer.</summary>
public sealed record OfferAnswered(
    string DriverId, string OfferId, bool Accepted, DeclineReason DeclineReason = DeclineReason.Unspecified) : DispatchEvent;

/// <summary>The time to answer an open offer is over.</summary>
/// <param name="UndeliveredTo">Drivers whose phones never got theirs.</param>
public sealed record OfferTimeEnded(ImmutableArray<string> UndeliveredTo) : DispatchEvent
{
    /// <summary>All got theirs, as far as is known.</summary>
    public OfferTimeEnded()
        : this([])
    {
    }
}

/// <summary>The company or ops give a trip to a driver without asking, or from one driver to another.</summary>
/// <param name="DriverId">Who gets it; null to look for somebody else than the driver who has it.</param>
/// <param name="Actor">Who says so.</param>
/// <param name="Note">Their words; may be empty.</param>
/// <param name="Seats">Passenger seats of the driver's vehicle; 0 when not known.</param>
public sealed record AssignRequested(string? DriverId, TripActor Actor, string Note, int Seats = 0) : DispatchEvent;

/// <summary>A driver tells how a trip gets on.</summary>
public sealed record WaypointProgressed(string DriverId, string WaypointId, WaypointStep Step, string? PickupCode = null) : DispatchEvent;

/// <summary>Somebody changes where the trip goes.</summary>
/// <param name="ExpectedVersion">The version that they saw.</param>
/// <param name="Waypoints">All that are not done, in order.</param>
/// <param name="Actor">Who.</param>
public sealed record WaypointsRequested(
    ulong ExpectedVersion, ImmutableArray<RequestedWaypoint> Waypoints, TripActor Actor = TripActor.Rider) : DispatchEvent;

/// <summary>A driver's way is to be found anew: the driver left it, the roads changed, or it takes longer than thought. About a plan, not a trip.</summary>
/// <param name="DriverId">Whose way.</param>
/// <param name="RouteVersion">Of the route that this is about; when the driver has another meanwhile, nothing changes.</param>
/// <param name="Reason">What the driver is told.</param>
public sealed record RouteOutdated(string DriverId, ulong RouteVersion, RouteChangeReason Reason) : DispatchEvent;

/// <summary>A driver's app has another way than the plan: it is told the plan's again. About a plan, not a trip.</summary>
/// <param name="DriverId">Whose app.</param>
/// <param name="RoutePlanVersion">Of the way that it has; the version that it is told is higher, also where the store has forgotten this one.</param>
public sealed record RouteUnknown(string DriverId, ulong RoutePlanVersion) : DispatchEvent;

/// <summary>Somebody ends the trip; with a driver's id, that driver, who before the pick-up ends it only for oneself.</summary>
public sealed record CancelRequested(TripActor Actor, CancellationReason Reason, string Note, string? DriverId = null) : DispatchEvent;

/// <summary>A driver cannot do the trip any more: not heard of for too long, or blocked.</summary>
public sealed record DriverGone(string DriverId, RemovalReason Reason) : DispatchEvent;

/// <summary>A driver who was lost with a rider in the car is heard of again.</summary>
public sealed record DriverBack(string DriverId) : DispatchEvent;

/// <summary>The time to find a driver is over.</summary>
public sealed record SearchTimeEnded : DispatchEvent;

/// <summary>The trip has lasted as long as any may.</summary>
public sealed record TripTimeEnded : DispatchEvent;

/// <summary>A driver chooses whether to be offered trips; only one whom the company's directory knows can be offered any.</summary>
public sealed record AvailabilityChosen(string DriverId, DriverAvailability Availability, bool InDirectory) : DispatchEvent;

/// <summary>The company lets a driver not work, or lets the driver work again.</summary>
/// <param name="DriverId">Whom.</param>
/// <param name="Reason">Why not; null to let the driver work.</param>
public sealed record BlockRequested(string DriverId, string? Reason) : DispatchEvent;
