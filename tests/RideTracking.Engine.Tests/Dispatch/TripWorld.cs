using System.Collections.Immutable;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Tests.Dispatch;

/// <summary>Trips and plans as a store would hold them, each event decided and committed at once.</summary>
internal sealed class TripWorld
{
    public static readonly GeoPoint Porto = new(41.15, -8.61);

    public static readonly TripRules Rules = new(new StraightLineRouter(10))
    {
        OfferWindow = TimeSpan.FromSeconds(15),
        SearchTimeout = TimeSpan.FromMinutes(5),
        MaxDuration = TimeSpan.FromHours(6),
        MaxOffers = 5,
        OffersAtOnce = 2,
        CoolDown = TimeSpan.Zero,
        MaxWaypointUpdates = 5,
    };

    public Dictionary<string, Trip> Trips { get; } = [];

    public Dictionary<string, DriverPlan> Plans { get; } = [];

    public List<DriverCommand> Commands { get; } = [];

    /// <summary>The limits that this world keeps.</summary>
    public TripRules Limits { get; set; } = Rules;

    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    public Trip Trip => Trips["t"];

    public TransitionResult Decide(DispatchEvent happened, string tripId = "t")
    {
        var trip = IsOfPlan(happened) ? null : Trips.GetValueOrDefault(tripId);
        var plans = Transitions.DriversOf(trip, happened).Select(id => Plans.GetValueOrDefault(id) ?? DriverPlan.Empty(id));
        return Transitions.Decide(trip, [.. plans], happened, Now, Limits);
    }

    /// <summary>Whether an event is about a plan and no trip.</summary>
    public static bool IsOfPlan(DispatchEvent happened) => happened is AvailabilityChosen or BlockRequested or RouteOutdated or RouteUnknown;

    public Transition Do(DispatchEvent happened, string tripId = "t")
    {
        var transition = Assert.IsType<Transition>(Decide(happened, tripId));
        Commit(transition);
        return transition;
    }

    public Refused Refuse(DispatchEvent happened, string tripId = "t") => Assert.IsType<Refused>(Decide(happened, tripId));

    public void Commit(Transition transition)
    {
        if (transition.Trip is { } trip)
        {
            Trips[trip.Id] = trip;
        }

        foreach (var plan in transition.Plans)
        {
            Plans[plan.DriverId] = plan;
        }

        Commands.AddRange(transition.Commands);
    }

    public static RideRequested Ride(string tripId = "t", int stops = 0, TripTerms? terms = null) => new(
        tripId, "rider",
        [
            new RequestedWaypoint(null, WaypointKind.Pickup, Porto, "home"),
            .. Enumerable.Range(1, stops).Select(i => new RequestedWaypoint(null, WaypointKind.Stop, Off(i), "")),
            new RequestedWaypoint(null, WaypointKind.Dropoff, Off(stops + 1), "work"),
        ],
        1, "")
    {
        Terms = terms ?? TripTerms.Plain,
    };

    public static GeoPoint Off(int steps) => new(Porto.LatitudeDegrees + (0.01 * steps), Porto.LongitudeDegrees);

    public static ImmutableArray<RequestedWaypoint> AsAsked(Trip trip) =>
        [.. trip.Ahead.Select(w => new RequestedWaypoint(w.Id, w.Kind, w.Location, w.Label))];

    /// <summary>Brings the trip to ASSIGNED with this driver.</summary>
    public TripWorld Assign(string driverId = "d1", int stops = 0)
    {
        Do(Ride(stops: stops));
        Offer(driverId);
        Do(new OfferAnswered(driverId, Trip.OfferTo(driverId)!.Id, true) { Places = [new DriverPlace(driverId, Off(-1))] });
        return this;
    }

    public Transition Offer(string driverId, string tripId = "t")
    {
        Do(new AvailabilityChosen(driverId, DriverAvailability.Available, true));
        return Do(new DriverChosen(driverId, 1000, TimeSpan.FromSeconds(100)), tripId);
    }

    public Transition Step(WaypointStep step, string driverId = "d1") =>
        Do(new WaypointProgressed(driverId, Trip.Next!.Id, step));
}
