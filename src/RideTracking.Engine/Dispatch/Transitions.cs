using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch;

/// <summary>The one function that decides what becomes of trips and plans. Pure.</summary>
public static partial class Transitions
{
    /// <summary>The drivers whose plans <see cref="Decide"/> needs for this event.</summary>
    public static ImmutableArray<string> DriversOf(Trip? trip, DispatchEvent happened)
    {
        var drivers = ImmutableArray.CreateBuilder<string>();
        foreach (var offer in trip?.Offers ?? [])
        {
            Add(offer.DriverId);
        }

        Add(trip is { IsFinal: false } ? trip.DriverId : null);
        Add(happened switch
        {
            DriverChosen e => e.DriverId,
            AssignRequested e => e.DriverId,
            AvailabilityChosen e => e.DriverId,
            BlockRequested e => e.DriverId,
            RouteOutdated e => e.DriverId,
            RouteUnknown e => e.DriverId,
            _ => null,
        });
        return drivers.ToImmutable();

        void Add(string? driver)
        {
            if (driver is not null && !drivers.Contains(driver))
            {
                drivers.Add(driver);
            }
        }
    }

    /// <summary>Decides what follows from an event.</summary>
    /// <param name="trip">The trip it is about; null when there is none (yet).</param>
    /// <param name="plans">The plans of <see cref="DriversOf"/>; a missing one is empty.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="now">The server's time.</param>
    /// <param name="rules">The limits.</param>
    /// <returns>A <see cref="Transition"/> to commit, or a <see cref="Refused"/>.</returns>
    public static TransitionResult Decide(
        Trip? trip, ImmutableArray<DriverPlan> plans, DispatchEvent happened, DateTimeOffset now, TripRules rules)
    {
        var at = new Moment(plans, happened, now, rules);
        return (happened, trip) switch
        {
            (AvailabilityChosen e, _) => ChooseAvailability(e, at),
            (BlockRequested e, _) => Block(e, at),
            (RouteOutdated e, _) => FindRouteAnew(e, at),
            (RouteUnknown e, _) => TellRouteAgain(e, at),
            (RideRequested e, null) => Request(e, at),
            (OfferAnswered e, null) => new Refused(RefusalReason.OfferNotFound, null, $"There is no offer {e.OfferId} for this driver."),
            (_, null) => new Refused(RefusalReason.TripNotFound, null, "There is no such trip."),
            (RideRequested, _) => new Refused(RefusalReason.WrongState, trip.State, "The trip exists already."),
            (SearchDue, _) => BeginSearch(trip, at),
            (DriverChosen e, _) => MakeOffer(trip, e, at),
            (OfferAnswered e, _) => AnswerOffer(trip, e, at),
            (OfferTimeEnded e, _) => EndOfferTime(trip, e, at),
            (SearchTimeEnded, _) => EndSearchTime(trip, at),
            (AssignRequested e, _) => Assign(trip, e, at),
            (DriverGone e, _) => LoseDriver(trip, e, at),
            (DriverBack e, _) => FindDriver(trip, e, at),
            (WaypointProgressed e, _) => Progress(trip, e, at),
            (WaypointsRequested e, _) => UpdateWaypoints(trip, e, at),
            (CancelRequested e, _) => Cancel(trip, e, at),
            (TripTimeEnded, _) => EndTripTime(trip, at),
            _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType(), "No rule for it."),
        };
    }

    // Each change of a trip goes through here: one event, one version.
    private static Trip Record(Trip trip, TripEventKind kind, TripActor actor, string? driverId, Moment at, Cause cause = default)
    {
        var version = trip.Version + 1;
        return trip with
        {
            Version = version,
            Events = trip.Events.Add(new TripEvent(version, kind, at.OccurredIn(trip), at.Now, actor, trip.State, driverId)
            {
                Place = driverId is null ? null : at.PlaceOf(driverId)?.Point,
                Cancellation = cause.Cancellation,
                Decline = cause.Decline,
                Removal = cause.Removal,
                Note = cause.Note ?? "",
            }),
        };
    }

    private static Refused WrongState(Trip trip, string allowed) =>
        new(RefusalReason.WrongState, trip.State, $"The trip is {trip.State}: {allowed}");

    private static Refused IsOver(Trip trip) => WrongState(trip, "it is over and nothing changes it any more.");

    private static Refused NotOfThisDriver { get; } = new(RefusalReason.TripNotFound, null, "There is no such trip of this driver.");

    // Why something happened, as far as its kind has reasons.
    private readonly record struct Cause(
        CancellationReason Cancellation = default, DeclineReason Decline = default, RemovalReason Removal = default, string? Note = null);

    // What every transition sees beside the trip.
    private sealed record Moment(ImmutableArray<DriverPlan> Plans, DispatchEvent Happened, DateTimeOffset Now, TripRules Rules)
    {
        public DriverPlan PlanOf(string driverId) =>
            Plans.FirstOrDefault(p => p.DriverId == driverId) ?? DriverPlan.Empty(driverId);

        public DriverPlace? PlaceOf(string driverId)
        {
            foreach (var place in Happened.Places)
            {
                if (place.DriverId == driverId)
                {
                    return place;
                }
            }

            return null;
        }

        // Phones' clocks lie: nothing happened before what it follows from, nothing happens in the future.
        public DateTimeOffset OccurredIn(Trip trip)
        {
            var occurred = Happened.OccurredAt ?? Now;
            if (occurred >= Now)
            {
                return Now;
            }

            var earliest = trip.Events.LastOrDefault(e => IsStep(e.Kind))?.OccurredAt ?? trip.RequestedAt;
            return occurred < earliest ? earliest : occurred;
        }

        // What others do meanwhile is told when it happens, also while the driver's phone is without a network.
        private static bool IsStep(TripEventKind kind) =>
            kind is TripEventKind.Assigned or TripEventKind.EnRoute or TripEventKind.Arrived or TripEventKind.WaypointDone;
    }
}
