using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

// Drivers whom the company gives a trip to, and those who lose one.
public static partial class Transitions
{
    private static TransitionResult Assign(Trip trip, AssignRequested e, Moment at)
    {
        if (trip.State != TripState.Searching && !trip.IsBeforePickup)
        {
            return trip.IsFinal ? IsOver(trip) : WrongState(trip, "only a trip that searches, or whose rider is not in the car yet, can be given to a driver.");
        }

        if (e.DriverId is not { } driverId)
        {
            return trip.IsBeforePickup
                ? Remove(trip, RemovalReason.Reassigned, e.Actor, at, new Cause(Note: e.Note))
                : WrongState(trip, "no driver has it who could be taken off it.");
        }

        if (trip.DriverId == driverId)
        {
            return WrongState(trip, $"{driverId} has it already.");
        }

        var plan = at.PlanOf(driverId);
        var hindrance = OfferHindrances.OfJob(trip, plan, e.Seats, at.Rules);
        if (hindrance != OfferHindrance.None || plan.Availability is DriverAvailability.Offline or DriverAvailability.Unspecified)
        {
            return new Refused(
                RefusalReason.DriverNotFree, trip.State,
                $"The driver is {plan.Availability} and {plan.Work}, and cannot be given the trip: {(hindrance == OfferHindrance.None ? OfferHindrance.NotAvailable : hindrance)}.");
        }

        var cause = new Cause(Removal: trip.DriverId is null ? default : RemovalReason.Reassigned, Note: e.Note);
        if (Give(WithoutDriver(trip), plan with { Seats = e.Seats }, e.Actor, at, cause) is not { } given)
        {
            return new Refused(RefusalReason.DriverNotFree, trip.State, "The ride does not fit between those that the driver has.");
        }

        if (trip.DriverId is not { } before)
        {
            return given;
        }

        var (released, removed, route) = Leave(trip, before, given.Trip!, at);
        return given with { Plans = given.Plans.Add(released), Commands = given.Commands.AddRange(removed, route) };
    }

    private static TransitionResult LoseDriver(Trip trip, DriverGone e, Moment at)
    {
        if (trip.OfferTo(e.DriverId) is { } offer)
        {
            return PassOver(trip, offer, OfferOutcome.Withdrawn, at, e.Reason);
        }

        if (trip.IsFinal || trip.DriverId != e.DriverId)
        {
            return WrongState(trip, "the driver has nothing to do with it (any more).");
        }

        if (trip.IsBeforePickup)
        {
            return Remove(trip, e.Reason, TripActor.System, at, default);
        }

        return e.Reason == RemovalReason.Lost && trip.DriverLostSince is null
            ? new Transition(
                Record(trip with { DriverLostSince = at.Now }, TripEventKind.DriverLost, TripActor.System, e.DriverId, at, new Cause(Removal: e.Reason)), [], [])
            : WrongState(trip, "with the rider in the car the driver keeps it.");
    }

    private static TransitionResult FindDriver(Trip trip, DriverBack e, Moment at) =>
        !trip.IsFinal && trip.DriverLostSince is not null && trip.DriverId == e.DriverId
            ? new Transition(Record(trip with { DriverLostSince = null }, TripEventKind.DriverFound, TripActor.System, e.DriverId, at), [], [])
            : WrongState(trip, "its driver is not lost.");

    // The driver has it no more; somebody else is looked for.
    private static Transition Remove(Trip trip, RemovalReason reason, TripActor actor, Moment at, Cause cause)
    {
        var driverId = trip.DriverId!;
        var searching = WithoutDriver(trip) with
        {
            SearchUntil = at.Now + at.Rules.SearchTimeout,
            PassedOver = [.. trip.PassedOver.Where(p => p.DriverId != driverId), new PassedOver(driverId, null)],
        };
        searching = Record(searching, TripEventKind.DriverRemoved, actor, driverId, at, cause with { Removal = reason });
        var (released, removed, route) = Leave(trip, driverId, searching, at);
        return new Transition(searching, [released], [removed, route]);
    }

    private static Trip WithoutDriver(Trip trip) => trip with
    {
        State = TripState.Searching,
        DriverId = null,
        AcceptedOfferId = null,
        EndBy = null,
        HeadingFor = null,
        Waypoints = [.. trip.Waypoints.Select(w => w with { State = WaypointState.Pending, ArrivedAt = null })],
    };

    // What a driver is told who does not have a trip any more.
    private static (DriverPlan Released, TripRemoved Removed, RouteChanged Route) Leave(Trip before, string driverId, Trip after, Moment at)
    {
        var (told, route) = Tell(Release(before, at.PlanOf(driverId), at), RouteChangeReason.TripEnded, at);
        return (told, new TripRemoved(driverId, at.Now + at.Rules.CommandLifetime, before.Id, after.State, after.Cancellation), route);
    }
}
