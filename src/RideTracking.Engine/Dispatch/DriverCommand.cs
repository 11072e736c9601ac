using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch;

/// <summary>What became of an offer; the numbers are those of the contract.</summary>
public enum OfferOutcome : byte
{
    Unspecified = 0,
    Accepted = 1,
    Declined = 2,
    TimedOut = 3,
    Withdrawn = 4,
}

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
}

/// <summary>Something for a driver, kept until acknowledged, expired or superseded.</summary>
/// <param name="DriverId">Who gets it.</param>
/// <param name="ExpiresAt">After this it means nothing any more.</param>
public abstract record DriverCommand(string DriverId, DateTimeOffset ExpiresAt);

/// <summary>A trip to take or leave.</summary>
public sealed record TripOffered(
    string DriverId,
    DateTimeOffset ExpiresAt,
    string OfferId,
    Trip Trip,
    TimeSpan DecisionWindow,
    double PickupDistanceMeters,
    TimeSpan PickupEta) : DriverCommand(DriverId, ExpiresAt);

/// <summary>An offer that no longer stands.</summary>
public sealed record OfferWithdrawn(
    string DriverId, DateTimeOffset ExpiresAt, string OfferId, string TripId, OfferOutcome Outcome) : DriverCommand(DriverId, ExpiresAt);

/// <summary>A trip that is now the driver's; who commits it adds the passenger.</summary>
public sealed record TripAssigned(string DriverId, DateTimeOffset ExpiresAt, Trip Trip) : DriverCommand(DriverId, ExpiresAt);

/// <summary>A trip that is no longer the driver's; its passenger is to be forgotten.</summary>
public sealed record TripRemoved(
    string DriverId, DateTimeOffset ExpiresAt, string TripId, TripState State, Cancellation? Cancellation) : DriverCommand(DriverId, ExpiresAt);

/// <summary>Where to go: the waypoints ahead of all the driver's trips, in order. Supersedes every older one.</summary>
public sealed record RouteChanged(
    string DriverId,
    DateTimeOffset ExpiresAt,
    ulong RoutePlanVersion,
    string? TripId,
    ImmutableArray<Waypoint> Ahead,
    TripRoute? Route,
    RouteChangeReason Reason) : DriverCommand(DriverId, ExpiresAt);
