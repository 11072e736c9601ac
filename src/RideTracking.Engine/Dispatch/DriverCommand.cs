using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch;

/// <summary>Why a route changed; the numbers are those of the contract.</summary>
public enum RouteChangeReason : byte
{
    Unspecified = 0,
    TripAssigned = 1,
    TripEnded = 2,
    WaypointDone = 3,
    WaypointsUpdated = 4,
    OffRoute = 5,
    RoadsChanged = 6,
    EtaDrifted = 7,
}

/// <summary>Something for a driver, kept until acknowledged, expired or superseded.</summary>
/// <param name="DriverId">Who gets it.</param>
/// <param name="ExpiresAt">After this it means nothing any more.</param>
public abstract record DriverCommand(string DriverId, DateTimeOffset ExpiresAt);

/// <summary>A trip to take or leave.</summary>
/// <param name="DriverId">Who gets it.</param>
/// <param name="ExpiresAt">After this it means nothing any more.</param>
/// <param name="OfferId">What the driver answers to.</param>
/// <param name="Trip">The trip as it is offered.</param>
/// <param name="DecisionWindow">How long the driver may think about it.</param>
/// <param name="PickupDistanceMeters">From the driver to the pick-up.</param>
/// <param name="PickupEta">How long it takes the driver to be there.</param>
/// <param name="IsNext">It would follow on the trip that the driver is on.</param>
/// <param name="IsShared">The car would be shared with riders whom the driver has.</param>
public sealed record TripOffered(
    string DriverId,
    DateTimeOffset ExpiresAt,
    string OfferId,
    Trip Trip,
    TimeSpan DecisionWindow,
    double PickupDistanceMeters,
    TimeSpan PickupEta,
    bool IsNext,
    bool IsShared) : DriverCommand(DriverId, ExpiresAt);

/// <summary>An offer that no longer stands.</summary>
public sealed record OfferWithdrawn(
    string DriverId, DateTimeOffset ExpiresAt, string OfferId, string TripId, OfferOutcome Outcome) : DriverCommand(DriverId, ExpiresAt);

/// <summary>A trip that is now the driver's; who commits it adds the passenger.</summary>
/// <param name="DriverId">Who gets it.</param>
/// <param name="ExpiresAt">After this it means nothing any more.</param>
/// <param name="Trip">The trip.</param>
/// <param name="OfferId">The offer that the driver had for it; null when nobody asked.</param>
public sealed record TripAssigned(string DriverId, DateTimeOffset ExpiresAt, Trip Trip, string? OfferId) : DriverCommand(DriverId, ExpiresAt);

/// <summary>A trip that is no longer the driver's; its passenger is to be forgotten.</summary>
public sealed record TripRemoved(
    string DriverId, DateTimeOffset ExpiresAt, string TripId, TripState State, Cancellation? Cancellation) : DriverCommand(DriverId, ExpiresAt);

/// <summary>Where to go: the waypoints ahead of all the driver's trips, in order. Supersedes every older one.</summary>
public sealed record RouteChanged(
    string DriverId,
    DateTimeOffset ExpiresAt,
    ulong RoutePlanVersion,
    ImmutableArray<PlannedStop> Ahead,
    TripRoute? Route,
    RouteChangeReason Reason) : DriverCommand(DriverId, ExpiresAt);
