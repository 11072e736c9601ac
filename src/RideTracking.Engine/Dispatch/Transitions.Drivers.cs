using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

// What drivers want, and whether they may.
public static partial class Transitions
{
    private static TransitionResult ChooseAvailability(AvailabilityChosen e, Moment at)
    {
        var plan = at.PlanOf(e.DriverId);
        if (e.Availability == DriverAvailability.Offline && plan.Trips.Length > 0)
        {
            return new Refused(
                RefusalReason.TripInPlan, null,
                $"The driver has the trip {plan.Trips[0].TripId}: choose LAST_TRIP and go offline after it, or give it up first.");
        }

        if (e.Availability == DriverAvailability.Available && !e.InDirectory)
        {
            return new Refused(
                RefusalReason.DriverUnknown, null,
                $"The directory has no driver {e.DriverId}, so riders could not be told who comes: the company must enter the driver first.");
        }

        if (e.Availability == DriverAvailability.Available && plan.BlockedReason is { } reason)
        {
            return new Refused(RefusalReason.DriverBlocked, null, $"The company has blocked this driver ({reason}): PAUSED or OFFLINE is what can be chosen.");
        }

        return plan.Availability == e.Availability
            ? new Transition(null, [], [])
            : new Transition(null, [plan with { Version = plan.Version + 1, Availability = e.Availability }], []);
    }

    private static Transition Block(BlockRequested e, Moment at)
    {
        var plan = at.PlanOf(e.DriverId);
        return plan.BlockedReason == e.Reason
            ? new Transition(null, [], [])
            : new Transition(null, [plan with { Version = plan.Version + 1, BlockedReason = e.Reason }], []);
    }
}
