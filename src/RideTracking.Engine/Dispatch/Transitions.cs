using System.Collections.Immutable;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

/// <summary>The one function that decides what becomes of trips and plans. Pure.</summary>
public static partial class Transitions
{
    /// <summary>The drivers whose plans <see cref="Decide"/> needs for this event.</summary>
    public static ImmutableArray<string> DriversOf(Trip? trip, DispatchEvent happened)
    {
        var drivers = ImmutableArray.CreateBuilder<string>(2);
        foreach (var driver in (ReadOnlySpan<string?>)[trip?.Offer?.DriverId, trip is { IsFinal: false } ? trip.DriverId : null, Named(happened)])
        {
            if (driver is not null && !drivers.Contains(driver))
            {
                drivers.Add(driver);
            }
        }

        return drivers.ToImmutable();

        static string? Named(DispatchEvent happened) => happened switch
        {
            DriverChosen e => e.DriverId,
            AvailabilityChosen e => e.DriverId,
            _ => null,
        };
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
            (RideRequested e, null) => Request(e, at),
            (AvailabilityChosen e, _) => ChooseAvailability(e, at),
            (OfferAnswered e, null) => new Refused(RefusalReason.OfferNotFound, null, $"There is no offer {e.OfferId} for this driver."),
            (_, null) => new Refused(RefusalReason.TripNotFound, null, "There is no such trip."),
            (DriverChosen e, _) => MakeOffer(trip, e, at),
            (OfferAnswered e, _) => AnswerOffer(trip, e, at),
            (OfferTimeEnded, _) => EndOfferTime(trip, at),
            (SearchTimeEnded, _) => EndSearchTime(trip, at),
            (WaypointProgressed e, _) => Progress(trip, e, at),
            (WaypointsRequested e, _) => UpdateWaypoints(trip, e, at),
            (RouteOutdated e, _) => FindRouteAnew(trip, e, at),
            (CancelRequested e, _) => Cancel(trip, e, at),
            (TripTimeEnded, _) => EndTripTime(trip, at),
            _ => new Refused(RefusalReason.WrongState, trip.State, "The trip exists already."),
        };
    }

    private static TransitionResult ChooseAvailability(AvailabilityChosen e, Moment at)
    {
        var plan = at.PlanOf(e.DriverId);
        if (e.Availability == DriverAvailability.Offline && plan.TripIds.Length > 0)
        {
            return new Refused(
                RefusalReason.TripInPlan, null,
                $"The driver has the trip {plan.TripIds[0]}: choose LAST_TRIP and go offline after it, or cancel it first.");
        }

        if (e.Availability == DriverAvailability.Available && !e.InDirectory)
        {
            return new Refused(
                RefusalReason.DriverUnknown, null,
                $"The directory has no driver {e.DriverId}, so riders could not be told who comes: the company must enter the driver first.");
        }

        return plan.Availability == e.Availability
            ? new Transition(null, [], [])
            : new Transition(null, [plan with { Version = plan.Version + 1, Availability = e.Availability }], []);
    }

    // Each change of a trip goes through here: one event, one version.
    private static Trip Record(Trip trip, TripEventKind kind, TripActor actor, string? driverId, Moment at)
    {
        var version = trip.Version + 1;
        return trip with
        {
            Version = version,
            Events = trip.Events.Add(new TripEvent(version, kind, at.OccurredSince(trip.RequestedAt), at.Now, actor, trip.State, driverId)),
        };
    }

    private static Refused WrongState(Trip trip, string allowed) =>
        new(RefusalReason.WrongState, trip.State, $"The trip is {trip.State}: {allowed}");

    // The route from where the driver is, with the estimated arrivals that follow from it.
    private static Trip WithRoute(Trip trip, DriverPlace? driverAt, Moment at)
    {
        var ahead = trip.Ahead;
        if (ahead.IsEmpty)
        {
            return trip with { Route = null };
        }

        var start = driverAt ?? new DriverPlace(LastDone(trip)?.Location ?? ahead[0].Location);
        var route = at.Rules.Router.Through(start.Point, start.CourseDegrees, [.. ahead.Select(w => w.Location)]);
        var arrival = at.Now;
        var waypoints = trip.Waypoints.ToBuilder();
        for (var i = 0; i < ahead.Length; i++)
        {
            arrival += route.Legs[i].Duration;
            waypoints[waypoints.Count - ahead.Length + i] = ahead[i] with { EstimatedArrival = ahead[i].State == WaypointState.Pending ? arrival : null };
        }

        return trip with
        {
            Waypoints = waypoints.ToImmutable(),
            Route = new TripRoute((trip.Route?.Version ?? 0) + 1, [.. ahead.Select(w => w.Id)], route, at.Now),
        };
    }

    private static Waypoint? LastDone(Trip trip) => trip.Waypoints.LastOrDefault(w => w.State == WaypointState.Done);

    // A new route in the driver's plan, and the command that tells it.
    private static (DriverPlan Plan, RouteChanged Command) TellRoute(DriverPlan plan, Trip trip, RouteChangeReason reason, Moment at)
    {
        var told = plan with { RoutePlanVersion = plan.RoutePlanVersion + 1 };
        var command = trip.IsFinal
            ? new RouteChanged(plan.DriverId, at.Now + at.Rules.CommandLifetime, told.RoutePlanVersion, null, [], null, reason)
            : new RouteChanged(plan.DriverId, trip.EndBy ?? at.Now + at.Rules.CommandLifetime, told.RoutePlanVersion, trip.Id, trip.Ahead, trip.Route, reason);
        return (told, command);
    }

    // What every transition sees beside the trip.
    private sealed record Moment(ImmutableArray<DriverPlan> Plans, DispatchEvent Happened, DateTimeOffset Now, TripRules Rules)
    {
        public DriverPlan PlanOf(string driverId) =>
            Plans.FirstOrDefault(p => p.DriverId == driverId) ?? DriverPlan.Empty(driverId);

        // Phones' clocks lie: nothing happened before the request, nothing happens in the future.
        public DateTimeOffset OccurredSince(DateTimeOffset earliest)
        {
            var occurred = Happened.OccurredAt ?? Now;
            return occurred > Now ? Now : occurred < earliest ? earliest : occurred;
        }
    }
}
