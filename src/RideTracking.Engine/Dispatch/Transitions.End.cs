using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

// The ways a trip ends once it has begun.
public static partial class Transitions
{
    private static TransitionResult Cancel(Trip trip, CancelRequested e, Moment at)
    {
        if (e.DriverId is not null && trip.DriverId != e.DriverId)
        {
            return new Refused(RefusalReason.TripNotFound, null, "There is no such trip of this driver.");
        }

        return trip.IsFinal
            ? WrongState(trip, "it is over and nothing changes it any more.")
            : End(
                trip with { State = TripState.Cancelled, Cancellation = new Cancellation(e.Actor, e.Reason, e.Note) },
                TripEventKind.Cancelled, e.Actor, at);
    }

    private static TransitionResult EndTripTime(Trip trip, Moment at) =>
        !trip.IsFinal && trip.EndBy <= at.Now
            ? End(
                trip with { State = TripState.Cancelled, Cancellation = new Cancellation(TripActor.System, CancellationReason.TooLong, "") },
                TripEventKind.Cancelled, TripActor.System, at)
            : WrongState(trip, "only a trip under way ends by its longest duration.");

    // Releases whom the trip holds: the driver it was offered to, or the one who drives.
    private static Transition End(Trip trip, TripEventKind kind, TripActor actor, Moment at)
    {
        var ended = Record(
            trip with
            {
                Offer = null,
                EndBy = null,
                HeadingFor = null,
                Route = null,
                Waypoints = [.. trip.Waypoints.Select(w => w with { EstimatedArrival = null })],
            },
            kind, actor, trip.DriverId, at);
        if (trip.Offer is { } offer)
        {
            var (closed, withdrawn) = CloseOffer(trip, offer, OfferOutcome.Withdrawn, at);
            return new Transition(ended, [closed], [withdrawn]);
        }

        if (trip.DriverId is not { } driverId)
        {
            return new Transition(ended, [], []);
        }

        var plan = at.PlanOf(driverId);
        var freed = plan with { Version = plan.Version + 1, TripIds = plan.TripIds.Remove(trip.Id), Work = DriverWork.Idle };
        var (told, route) = TellRoute(freed, ended, RouteChangeReason.TripEnded, at);
        var removed = new TripRemoved(driverId, at.Now + at.Rules.CommandLifetime, trip.Id, ended.State, ended.Cancellation);
        return new Transition(ended, [told], [removed, route]);
    }
}
