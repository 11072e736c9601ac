using System.Collections.Immutable;
using System.Globalization;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

// From the request to the assignment.
public static partial class Transitions
{
    private static Transition Request(RideRequested e, Moment at)
    {
        var waypoints = ImmutableArray.CreateBuilder<Waypoint>(e.Waypoints.Length);
        foreach (var asked in e.Waypoints)
        {
            waypoints.Add(NewWaypoint(e.TripId, waypoints.Count + 1, asked));
        }

        var trip = new Trip(
            e.TripId, 0, e.RiderId, TripState.Searching, waypoints.MoveToImmutable(), e.PartySize, e.Note, at.Now, at.Now + at.Rules.SearchTimeout)
        {
            WaypointsMade = e.Waypoints.Length,
        };
        return new Transition(Record(trip, TripEventKind.Requested, TripActor.Rider, null, at), [], []);
    }

    private static Waypoint NewWaypoint(string tripId, int number, RequestedWaypoint asked) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{tripId}.w{number}"), asked.Kind, WaypointState.Pending, asked.Location, asked.Label);

    private static TransitionResult MakeOffer(Trip trip, DriverChosen e, Moment at)
    {
        if (trip.State != TripState.Searching || trip.Offer is not null || at.Now >= trip.SearchUntil)
        {
            return WrongState(trip, "only a trip that searches and has no open offer can be offered.");
        }

        var plan = at.PlanOf(e.DriverId);
        if (plan.Availability != DriverAvailability.Available || plan.Work != DriverWork.Idle || trip.PassedOver.Contains(e.DriverId))
        {
            return new Refused(
                RefusalReason.DriverNotFree, trip.State,
                $"The driver is {plan.Availability} and {plan.Work}: only an available, idle driver who has not declined can be asked.");
        }

        var expiresAt = at.Now + at.Rules.OfferWindow;
        var number = trip.OffersMade + 1;
        var offered = Record(
            trip with { Offer = new Offer(OfferIds.For(trip.Id, number), e.DriverId, expiresAt), OffersMade = number },
            TripEventKind.Offered, TripActor.System, e.DriverId, at);
        return new Transition(
            offered,
            [plan with { Version = plan.Version + 1, OfferedTripId = trip.Id, Work = DriverWork.Offered }],
            [new TripOffered(e.DriverId, expiresAt, offered.Offer!.Id, offered, at.Rules.OfferWindow, e.PickupDistanceMeters, e.PickupEta)]);
    }

    private static TransitionResult AnswerOffer(Trip trip, OfferAnswered e, Moment at)
    {
        if (trip.Offer is not { } offer || offer.Id != e.OfferId || offer.DriverId != e.DriverId)
        {
            // Whoever was never asked learns nothing of the trip.
            return trip.Events.Any(x => x.Kind == TripEventKind.Offered && x.DriverId == e.DriverId)
                ? new Refused(RefusalReason.OfferClosed, trip.State, "The offer is closed: it was answered, withdrawn or timed out.")
                : new Refused(RefusalReason.OfferNotFound, null, $"There is no offer {e.OfferId} for this driver.");
        }

        if (at.Now >= offer.ExpiresAt)
        {
            return new Refused(RefusalReason.OfferClosed, trip.State, "The offer has timed out: an answer must come before it expires.");
        }

        return e.Accepted ? Accept(trip, e, at) : PassOver(trip, offer, TripEventKind.OfferDeclined, TripActor.Driver, at);
    }

    private static Transition Accept(Trip trip, OfferAnswered e, Moment at)
    {
        var endBy = at.Now + at.Rules.MaxDuration;
        var assigned = trip with { State = TripState.Assigned, Offer = null, DriverId = e.DriverId, EndBy = endBy };
        assigned = WithRoute(Record(assigned, TripEventKind.Assigned, TripActor.Driver, e.DriverId, at), e.DriverAt, at);
        var plan = at.PlanOf(e.DriverId);
        var (told, route) = TellRoute(
            plan with { Version = plan.Version + 1, OfferedTripId = null, TripIds = [trip.Id], Work = DriverWork.ToPickup },
            assigned, RouteChangeReason.TripAssigned, at);
        return new Transition(assigned, [told], [new TripAssigned(e.DriverId, endBy, assigned), route]);
    }

    private static TransitionResult EndOfferTime(Trip trip, Moment at) =>
        trip.Offer is { } offer && at.Now >= offer.ExpiresAt
            ? PassOver(trip, offer, TripEventKind.OfferTimedOut, TripActor.System, at)
            : WrongState(trip, "no offer of it is due.");

    private static Transition PassOver(Trip trip, Offer offer, TripEventKind kind, TripActor actor, Moment at)
    {
        var outcome = kind == TripEventKind.OfferDeclined ? OfferOutcome.Declined : OfferOutcome.TimedOut;
        var (plan, withdrawn) = CloseOffer(trip, offer, outcome, at);
        // A driver who declined knows it; one who was late may still have the offer on the screen.
        ImmutableArray<DriverCommand> commands = outcome == OfferOutcome.Declined ? [] : [withdrawn];
        var lastOffer = trip.OffersMade >= at.Rules.MaxOffers;
        var searching = trip with { Offer = null, PassedOver = trip.PassedOver.Add(offer.DriverId) };
        if (lastOffer)
        {
            // Due at once: the next look at it ends the search.
            searching = searching with { SearchUntil = at.Now };
        }

        return new Transition(Record(searching, kind, actor, offer.DriverId, at), [plan], commands);
    }

    private static (DriverPlan Plan, OfferWithdrawn Command) CloseOffer(Trip trip, Offer offer, OfferOutcome outcome, Moment at)
    {
        var plan = at.PlanOf(offer.DriverId);
        return (
            plan with { Version = plan.Version + 1, OfferedTripId = null, Work = DriverWork.Idle },
            new OfferWithdrawn(offer.DriverId, at.Now + at.Rules.CommandLifetime, offer.Id, trip.Id, outcome));
    }

    private static TransitionResult EndSearchTime(Trip trip, Moment at) =>
        trip.State == TripState.Searching && trip.Offer is null && at.Now >= trip.SearchUntil
            ? new Transition(Record(trip with { State = TripState.Unfulfilled }, TripEventKind.Unfulfilled, TripActor.System, null, at), [], [])
            : WrongState(trip, "only a search without an open offer can run out of time.");
}
