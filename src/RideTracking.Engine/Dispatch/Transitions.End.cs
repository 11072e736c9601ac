namespace RideTracking.Engine.Dispatch;

// The ways a trip ends once it has begun.
public static partial class Transitions
{
    private static TransitionResult Cancel(Trip trip, CancelRequested e, Moment at)
    {
        if (e.DriverId is not null && trip.DriverId != e.DriverId)
        {
            return NotOfThisDriver;
        }

        if (trip.IsFinal)
        {
            return IsOver(trip);
        }

        var cause = new Cause(Cancellation: e.Reason, Note: e.Note);
        switch (e.Actor, e.Reason)
        {
            case (TripActor.Rider, _) when trip.State == TripState.InProgress:
                return WrongState(trip, "the rider is in the car and can change where it goes; ops or the driver can end it.");
            case (TripActor.Driver, CancellationReason.NotThere) when trip.State != TripState.ArrivedAtPickup:
                return WrongState(trip, "that the rider is NOT_THERE can be said of a trip that is ArrivedAtPickup.");
            case (TripActor.Driver, CancellationReason.NotThere) when WaitedSince(trip) is var since && at.Now - since < at.Rules.NoShowWait:
                return WrongState(trip, $"the rider has until {since + at.Rules.NoShowWait:u} to come; then NOT_THERE can be said.");
            case (TripActor.Driver, not CancellationReason.NotThere) when trip.IsBeforePickup:
                return Remove(trip, RemovalReason.GivenUp, TripActor.Driver, at, cause);
            default:
                return End(
                    trip with { State = TripState.Cancelled, Cancellation = new Cancellation(e.Actor, e.Reason, e.Note) }, TripEventKind.Cancelled, e.Actor, at, cause);
        }
    }

    // By the server's clock, as phones' clocks lie.
    private static DateTimeOffset WaitedSince(Trip trip) => trip.Events.Last(e => e.Kind == TripEventKind.Arrived).RecordedAt;

    private static TransitionResult EndTripTime(Trip trip, Moment at) =>
        !trip.IsFinal && trip.EndBy <= at.Now
            ? End(
                trip with { State = TripState.Cancelled, Cancellation = new Cancellation(TripActor.System, CancellationReason.TooLong, "") },
                TripEventKind.Cancelled, TripActor.System, at, new Cause(Cancellation: CancellationReason.TooLong))
            : WrongState(trip, "only a trip under way ends by its longest duration.");

    // Releases whom the trip holds: those to whom it was offered, or the one who drives.
    private static Transition End(Trip trip, TripEventKind kind, TripActor actor, Moment at, Cause cause = default)
    {
        var ended = Record(
            trip with { Offers = [], EndBy = null, HeadingFor = null, DriverLostSince = null }, kind, actor, trip.DriverId, at, cause);
        if (trip.DriverId is not { } driverId)
        {
            var (plans, withdrawn) = CloseOffers(trip, at);
            return new Transition(ended, plans, withdrawn);
        }

        var (released, removed, route) = Leave(trip, driverId, ended, at);
        return new Transition(ended, [released], [removed, route]);
    }
}
