using Google.Rpc;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Trips;

/// <summary>The dispatch's refusals as callers get them.</summary>
internal static class DispatchRefusals
{
    public static Status Of(Refused refused) => refused.Reason switch
    {
        RefusalReason.TripNotFound => TripNotFound,
        RefusalReason.OfferNotFound => Refusal.NotFound("OFFER_NOT_FOUND", refused.Message),
        RefusalReason.OfferClosed => Refusal.Precondition("OFFER_CLOSED", refused.Message, State(refused)),
        RefusalReason.WrongState => Refusal.Precondition("TRIP_STATE", refused.Message, State(refused)),
        RefusalReason.WrongWaypoint => Refusal.Precondition("WAYPOINT_STATE", refused.Message, State(refused), ("field", refused.Field ?? "")),
        RefusalReason.VersionMismatch => Refusal.Aborted("TRIP_VERSION", refused.Message, State(refused)),
        RefusalReason.InvalidWaypoints => Refusal.Field(refused.Field ?? "waypoints", refused.Message),
        RefusalReason.TooManyChanges => Refusal.Exhausted("TOO_MANY_CHANGES", refused.Message, State(refused)),
        RefusalReason.TripInPlan => Refusal.Precondition("TRIP_IN_PLAN", refused.Message),
        RefusalReason.DriverBlocked => Refusal.Precondition("DRIVER_BLOCKED", refused.Message),
        RefusalReason.WrongPickupCode => Refusal.Precondition("WRONG_PICKUP_CODE", refused.Message, State(refused), ("field", refused.Field ?? "")),
        RefusalReason.DriverUnknown => Refusal.Precondition("DRIVER_NOT_IN_DIRECTORY", refused.Message),
        _ => Refusal.Precondition("DRIVER_NOT_FREE", refused.Message, State(refused)),
    };

    /// <summary>The same for a trip that is not there and for somebody else's.</summary>
    public static Status TripNotFound { get; } = Refusal.NotFound("TRIP_NOT_FOUND", "There is no such trip, or it is not one of yours.");

    private static (string Key, string Value) State(Refused refused) => ("state", refused.Met?.ToString() ?? "");
}
