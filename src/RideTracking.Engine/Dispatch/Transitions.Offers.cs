using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch;

// Offers: made, answered, taken back.
public static partial class Transitions
{
    private static TransitionResult MakeOffer(Trip trip, DriverChosen e, Moment at)
    {
        if (trip.State != TripState.Searching || at.Now >= trip.SearchUntil)
        {
            return WrongState(trip, "only a trip that searches can be offered.");
        }

        if (trip.Offers.Length >= at.Rules.OffersAtOnce || trip.OfferTo(e.DriverId) is not null)
        {
            return WrongState(trip, $"it has {trip.Offers.Length} open offers, and at most {at.Rules.OffersAtOnce} drivers are asked at once, each once.");
        }

        var plan = at.PlanOf(e.DriverId);
        if (OfferHindrances.Of(trip, plan, e.Seats, at.Now, at.Rules) is var hindrance and not OfferHindrance.None)
        {
            return new Refused(
                RefusalReason.DriverNotFree, trip.State, $"The driver is {plan.Availability} and {plan.Work}, and cannot be asked: {hindrance}.");
        }

        plan = plan with { Seats = e.Seats };
        var isShared = OfferHindrances.CanShare(trip, plan, at.Rules);
        if (isShared && SharedWay.Order(plan, trip, at.PlaceOf(e.DriverId)?.Point, at.Now, at.Rules) is null)
        {
            return new Refused(RefusalReason.DriverNotFree, trip.State, "The ride does not fit between those that the driver has.");
        }

        var expiresAt = at.Now + at.Rules.OfferWindow;
        var number = trip.OffersMade + 1;
        var offer = new Offer(OfferIds.For(trip.Id, number), e.DriverId, expiresAt);
        var offered = Record(trip with { Offers = trip.Offers.Add(offer), OffersMade = number }, TripEventKind.Offered, TripActor.System, e.DriverId, at);
        return new Transition(
            offered,
            [plan with { Version = plan.Version + 1, OfferedTripId = trip.Id }],
            [
                new TripOffered(
                    e.DriverId, expiresAt, offer.Id, offered, at.Rules.OfferWindow, e.PickupDistanceMeters, e.PickupEta,
                    IsNext: !plan.Trips.IsEmpty && !isShared, isShared),
            ]);
    }

    private static TransitionResult AnswerOffer(Trip trip, OfferAnswered e, Moment at)
    {
        if (trip.OfferTo(e.DriverId) is not { } offer || offer.Id != e.OfferId)
        {
            return AnswerClosed(trip, e);
        }

        if (at.Now >= offer.ExpiresAt)
        {
            return new Refused(RefusalReason.OfferClosed, trip.State, "The offer has timed out: an answer must come before it expires.");
        }

        return e.Accepted
            ? Accept(trip, e, at)
            : PassOver(trip, offer, OfferOutcome.Declined, at);
    }

    // From two phones, twice or too late: each has one clear answer.
    private static TransitionResult AnswerClosed(Trip trip, OfferAnswered e)
    {
        if (trip.DriverId == e.DriverId && trip.AcceptedOfferId == e.OfferId)
        {
            return e.Accepted
                ? new Transition(null, [], [])
                : new Refused(RefusalReason.OfferClosed, trip.State, "The offer was accepted: " + (trip.IsFinal
                    ? $"the trip was the driver's and is {trip.State}, nothing changes it any more."
                    : trip.IsBeforePickup ? "the trip is the driver's, who can give it up." : "the rider is in the car, and the driver can only end the trip."));
        }

        // Whoever was never asked learns nothing of the trip.
        return trip.Events.Any(x => x.Kind == TripEventKind.Offered && x.DriverId == e.DriverId)
            ? new Refused(
                RefusalReason.OfferClosed, trip.State,
                "The offer is closed: " + (trip.IsFinal ? "the trip is over."
                    : trip.DriverId is null ? "it was answered, withdrawn or timed out."
                    : trip.DriverId == e.DriverId ? "the driver has the trip by another one."
                    : "another driver has the trip."))
            : new Refused(RefusalReason.OfferNotFound, null, $"There is no offer {e.OfferId} for this driver.");
    }

    private static TransitionResult Accept(Trip trip, OfferAnswered e, Moment at)
    {
        var taker = at.PlanOf(e.DriverId);
        if (taker.BlockedReason is { } reason)
        {
            return new Refused(RefusalReason.DriverBlocked, trip.State, $"The company has blocked this driver ({reason}): no trip can be taken.");
        }

        if (Give(trip, taker, TripActor.Driver, at) is not { } given)
        {
            return new Refused(RefusalReason.OfferClosed, trip.State, "The ride does not fit between those that the driver has any more.");
        }

        return new Transition(given.Trip! with { AcceptedOfferId = e.OfferId }, given.Plans, given.Commands);
    }

    // The first to accept has it; who else was asked is told.
    private static Transition? Give(Trip trip, DriverPlan taker, TripActor actor, Moment at, Cause cause = default)
    {
        if (Claim(trip, taker, at) is not { } plan)
        {
            return null;
        }

        var (driverId, endBy) = (taker.DriverId, at.Now + at.Rules.MaxDuration);
        var assigned = trip with
        {
            State = TripState.Assigned,
            Offers = [],
            AcceptedOfferId = null,
            DriverId = driverId,
            EndBy = endBy,
        };
        assigned = Promise(Record(assigned, TripEventKind.Assigned, actor, driverId, at, cause), plan, at);
        var (told, route) = Tell(plan, RouteChangeReason.TripAssigned, at);
        var others = trip.Offers.Where(o => o.DriverId != driverId).Select(o => CloseOffer(trip, o, OfferOutcome.LostRace, at)).ToList();
        return new Transition(
            assigned,
            [told, .. others.Select(o => o.Plan)],
            [new TripAssigned(driverId, endBy, assigned, trip.OfferTo(driverId)?.Id), route, .. others.Select(o => o.Command)]);
    }

    private static TransitionResult EndOfferTime(Trip trip, OfferTimeEnded e, Moment at)
    {
        // One at a time: each is an event of its own.
        if (trip.Offers.FirstOrDefault(o => at.Now >= o.ExpiresAt) is not { } offer)
        {
            return WrongState(trip, "no offer of it is due.");
        }

        return PassOver(trip, offer, e.UndeliveredTo.Contains(offer.DriverId) ? OfferOutcome.Undelivered : OfferOutcome.TimedOut, at);
    }

    private static Transition PassOver(Trip trip, Offer offer, OfferOutcome outcome, Moment at, RemovalReason removal = RemovalReason.Unspecified)
    {
        var (plan, withdrawn) = CloseOffer(trip, offer, outcome, at);
        // A driver who declined knows it; one who was late may still have the offer on the screen.
        ImmutableArray<DriverCommand> commands = outcome == OfferOutcome.Declined ? [] : [withdrawn];
        DateTimeOffset? until = outcome == OfferOutcome.Undelivered || removal == RemovalReason.Lost ? at.Now + at.Rules.UndeliveredPause : null;
        var searching = trip with
        {
            Offers = trip.Offers.Remove(offer),
            PassedOver = [.. trip.PassedOver.Where(p => p.DriverId != offer.DriverId), new PassedOver(offer.DriverId, until)],
        };
        if (trip.OffersMade >= at.Rules.MaxOffers && searching.Offers.IsEmpty)
        {
            // Due at once: the next look at it ends the search.
            searching = searching with { SearchUntil = at.Now };
        }

        var (kind, actor) = outcome switch
        {
            OfferOutcome.Declined => (TripEventKind.OfferDeclined, TripActor.Driver),
            OfferOutcome.TimedOut => (TripEventKind.OfferTimedOut, TripActor.System),
            OfferOutcome.Undelivered => (TripEventKind.OfferUndelivered, TripActor.System),
            _ => (TripEventKind.OfferWithdrawn, TripActor.System),
        };
        var cause = new Cause(Decline: at.Happened is OfferAnswered answer ? answer.DeclineReason : default, Removal: removal);
        return new Transition(Record(searching, kind, actor, offer.DriverId, at, cause), [plan], commands);
    }

    private static (DriverPlan Plan, OfferWithdrawn Command) CloseOffer(Trip trip, Offer offer, OfferOutcome outcome, Moment at)
    {
        var plan = at.PlanOf(offer.DriverId);
        plan = plan with { Version = plan.Version + 1, OfferedTripId = null };
        if (outcome is OfferOutcome.Declined or OfferOutcome.TimedOut)
        {
            var coolDown = at.Rules.CoolDown * Math.Pow(2, Math.Min(plan.RecentRefusals, 30));
            plan = plan with
            {
                RecentRefusals = plan.RecentRefusals + 1,
                CoolDownUntil = at.Now + (coolDown < at.Rules.MaxCoolDown ? coolDown : at.Rules.MaxCoolDown),
            };
        }

        return (plan, new OfferWithdrawn(offer.DriverId, at.Now + at.Rules.CommandLifetime, offer.Id, trip.Id, outcome));
    }

    private static (ImmutableArray<DriverPlan> Plans, ImmutableArray<DriverCommand> Commands) CloseOffers(Trip trip, Moment at)
    {
        var closed = trip.Offers.Select(o => CloseOffer(trip, o, OfferOutcome.Withdrawn, at)).ToList();
        return ([.. closed.Select(c => c.Plan)], [.. closed.Select(c => c.Command)]);
    }
}
