using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch;

/// <summary>What follows from an event: a <see cref="Transition"/> or a <see cref="Refused"/>.</summary>
public abstract record TransitionResult;

/// <summary>The new state, to be committed whole or not at all.</summary>
/// <param name="Trip">The trip with its next version, or null when only a plan changes. Its deadline is <see cref="Trip.DueAt"/>.</param>
/// <param name="Plans">The plans that change, each with its next version.</param>
/// <param name="Commands">What the drivers are told, in order.</param>
public sealed record Transition(Trip? Trip, ImmutableArray<DriverPlan> Plans, ImmutableArray<DriverCommand> Commands) : TransitionResult;

/// <summary>Why nothing follows.</summary>
public enum RefusalReason : byte
{
    /// <summary>No such trip, or not one of the caller's.</summary>
    TripNotFound,

    /// <summary>No such offer, or not one made to this driver.</summary>
    OfferNotFound,

    /// <summary>The offer was answered, withdrawn or timed out.</summary>
    OfferClosed,

    /// <summary>The trip's state does not allow it.</summary>
    WrongState,

    /// <summary>The waypoint is not the next one, or the step is not the next of its steps.</summary>
    WrongWaypoint,

    /// <summary>The trip has changed since the caller saw it.</summary>
    VersionMismatch,

    /// <summary>The waypoints asked for do not make a way.</summary>
    InvalidWaypoints,

    /// <summary>The waypoints were changed as often as they may.</summary>
    TooManyChanges,

    /// <summary>The driver cannot be asked for, or given, the trip.</summary>
    DriverNotFree,

    /// <summary>The driver has a trip and cannot go offline.</summary>
    TripInPlan,

    /// <summary>The company's directory does not know the driver.</summary>
    DriverUnknown,

    /// <summary>The company lets the driver not work.</summary>
    DriverBlocked,

    /// <summary>The rider's code is wanted, or is another.</summary>
    WrongPickupCode,
}

/// <summary>Nothing follows.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Met">The trip's state that the event met, if there is a trip.</param>
/// <param name="Message">What was met and what would be allowed, for people.</param>
/// <param name="Field">The field of the request that is wrong, for <see cref="RefusalReason.InvalidWaypoints"/>.</param>
public sealed record Refused(RefusalReason Reason, TripState? Met, string Message, string? Field = null) : TransitionResult;
