namespace RideTracking.Simulation.Checking;

/// <summary>
/// What may happen to a trip, as the design says it, written by hand: each kind of event with the states it may meet, the
/// state after it, and who may do it. Not made from the code that decides, or it would prove nothing.
/// </summary>
internal static class LegalSteps
{
    private const string New = "", Scheduled = "Scheduled", Searching = "Searching", Assigned = "Assigned", EnRoute = "EnRouteToPickup", AtPickup = "ArrivedAtPickup",
        Underway = "InProgress", Completed = "Completed", Cancelled = "Cancelled", Unfulfilled = "Unfulfilled";

    private static readonly string[] WithDriver = [Assigned, EnRoute, AtPickup, Underway];
    private static readonly string[] BeforePickup = [Assigned, EnRoute, AtPickup];
    private static readonly string[] Open = [Scheduled, Searching, .. WithDriver];
    private static readonly string[] People = ["Rider", "Ops", "Service"];

    private static readonly (string Kind, string[] From, string? To, string[] Actors)[] Table =
    [
        ("Requested", [New], Searching, People),
        ("Requested", [New], Scheduled, People),
        ("SearchStarted", [Scheduled], Searching, ["System"]),
        ("Offered", [Searching], Searching, ["System"]),
        ("OfferDeclined", [Searching], Searching, ["Driver"]),
        ("OfferTimedOut", [Searching], Searching, ["System"]),
        ("OfferUndelivered", [Searching], Searching, ["System"]),
        ("OfferWithdrawn", [Searching], Searching, ["System"]),
        ("Assigned", [Searching], Assigned, ["Driver", "Ops", "Service"]),
        ("Assigned", BeforePickup, Assigned, ["Ops", "Service"]),
        ("DriverRemoved", BeforePickup, Searching, ["Driver", "Ops", "Service", "System"]),
        ("DriverLost", [Underway], Underway, ["System"]),
        ("DriverFound", [Underway], Underway, ["System"]),
        ("EnRoute", [Assigned], EnRoute, ["Driver"]),
        ("EnRoute", [Underway], Underway, ["Driver"]),
        ("Arrived", [Assigned, EnRoute], AtPickup, ["Driver"]),
        ("Arrived", [Underway], Underway, ["Driver"]),
        ("WaypointDone", [AtPickup, Underway], Underway, ["Driver"]),
        // The state stays as it is.
        ("WaypointsUpdated", Open, null, People),
        ("Completed", [Underway], Completed, ["Driver"]),
        ("Cancelled", [Scheduled, Searching, .. BeforePickup], Cancelled, ["Rider"]),
        // Before the pick-up a driver gives it up; unless the rider is not there.
        ("Cancelled", [AtPickup, Underway], Cancelled, ["Driver"]),
        ("Cancelled", Open, Cancelled, ["Ops", "Service"]),
        ("Cancelled", WithDriver, Cancelled, ["System"]),
        ("Unfulfilled", [Searching], Unfulfilled, ["System"]),
    ];

    public static bool Allows(string before, StoredEvent happened) => Table.Any(step =>
        step.Kind == happened.Kind && step.From.Contains(before) && (step.To ?? before) == happened.State && step.Actors.Contains(happened.Actor));

    /// <summary>Whether a trip in this state has a driver.</summary>
    public static bool HasDriver(string state) => WithDriver.Contains(state);
}
