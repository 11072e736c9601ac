using System.Collections.Immutable;
using CsCheck;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Tests.Dispatch;

/// <summary>Whatever happens in whatever order, the invariants of the dispatch hold.</summary>
public sealed class TransitionProperties
{
    private static readonly string[] TripIds = ["t0", "t1", "t2"];
    private static readonly string[] DriverIds = ["d0", "d1", "d2"];

    // What happens, where, with what, and how long after what happened before. Above 18: what a ride would do next.
    private static readonly Gen<(int What, int Trip, int Driver, int Choice, int Seconds)> Happening =
        Gen.Select(Gen.Int[0, 38], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 11], Gen.Frequency((20, Gen.Int[0, 3]), (1, Gen.Int[10, 400])));

    [Fact]
    public void Whatever_happens_the_invariants_hold_and_every_trip_ends()
    {
        Happening.List[1, 120].Sample(
            happenings =>
            {
                var world = new TripWorld();
                foreach (var happening in happenings)
                {
                    world.Now = world.Now.AddSeconds(happening.Seconds);
                    var (tripId, happened) = ToEvent(world, happening);
                    Apply(world, tripId, happened);
                }

                EndAll(world);
            },
            iter: 3000);
    }

    private static (string TripId, DispatchEvent Happened) ToEvent(
        TripWorld world, (int What, int Trip, int Driver, int Choice, int Seconds) happening)
    {
        var tripId = TripIds[happening.Trip];
        var driver = DriverIds[happening.Driver];
        var trip = world.Trips.GetValueOrDefault(tripId);
        // Mostly whom the trip is really with, so that sequences get far; sometimes anybody.
        var party = happening.Choice < 9 ? trip?.Offers.FirstOrDefault()?.DriverId ?? trip?.DriverId ?? driver : driver;
        DispatchEvent happened = happening.What switch
        {
            0 => TripWorld.Ride(tripId, happening.Choice % 3, Terms(world, happening.Choice)),
            1 => new AvailabilityChosen(driver, (DriverAvailability)(1 + (happening.Choice % 4)), true),
            2 => new DriverChosen(driver, 1000, TimeSpan.FromSeconds(100)),
            3 => new OfferAnswered(party, OfferIn(trip, party, tripId), false),
            4 => new OfferAnswered(driver, OfferIn(trip, driver, tripId), true),
            5 => new OfferTimeEnded(happening.Choice % 2 == 0 ? [party] : []),
            6 => new WaypointProgressed(
                party,
                happening.Choice switch
                {
                    11 => $"{tripId}.w2",
                    // Where the driver goes next, whichever trip's that is.
                    > 6 => world.Plans.GetValueOrDefault(party)?.Stops.FirstOrDefault()?.WaypointId ?? "",
                    _ => trip?.Next?.Id ?? "",
                },
                (WaypointStep)(1 + (happening.Choice % 3)), "1234"),
            7 or 8 => new WaypointsRequested(
                (trip?.Version ?? 0) - (happening.Choice == 10 ? 1ul : 0), trip is null ? [] : Changed(trip, happening.Choice)),
            9 => new CancelRequested((TripActor)(1 + (happening.Choice % 5)), CancellationReason.ChangedMind, ""),
            10 => new CancelRequested(
                TripActor.Driver, happening.Choice % 2 == 0 ? CancellationReason.VehicleTrouble : CancellationReason.NotThere, "", party),
            11 => new TripTimeEnded(),
            12 => new SearchTimeEnded(),
            13 => new RouteOutdated(
                party, (world.Plans.GetValueOrDefault(party)?.Route?.Version ?? 0) + (happening.Choice == 11 ? 1ul : 0), RouteChangeReason.OffRoute),
            14 => new SearchDue(),
            15 => new AssignRequested(happening.Choice > 8 ? null : driver, TripActor.Ops, ""),
            16 => new DriverGone(party, happening.Choice % 2 == 0 ? RemovalReason.Lost : RemovalReason.Blocked),
            17 => new DriverBack(party),
            18 when happening.Choice > 8 => new RouteUnknown(driver, (ulong)happening.Choice - 9),
            18 => new BlockRequested(driver, happening.Choice % 3 == 0 ? "papers" : null),
            _ => Forward(world, trip, tripId, driver, happening.Choice),
        };
        // By the phone's clock, which may be anything.
        DateTimeOffset? occurredAt = happening.Choice < 6 ? null : world.Now.AddSeconds((happening.Choice - 9) * 200);
        return (tripId, happened with { OccurredAt = occurredAt, Places = [.. DriverIds.Where(d => d != "d2").Select(d => new DriverPlace(d, TripWorld.Off(-1), 90))] });
    }

    private static TripTerms Terms(TripWorld world, int choice) => new()
    {
        CanShare = choice % 3 == 0,
        ScheduledFor = choice == 5 ? world.Now.AddHours(1) : null,
        PickupCode = choice == 7 ? "1234" : null,
    };

    private static string OfferIn(Trip? trip, string driver, string tripId) => trip?.OfferTo(driver)?.Id ?? $"{tripId}.o1";

    private static DispatchEvent Forward(TripWorld world, Trip? trip, string tripId, string driver, int choice) => trip switch
    {
        null => TripWorld.Ride(tripId, choice % 3, Terms(world, choice)),
        { State: TripState.Scheduled } => new SearchDue(),
        { Offers: [var offer, ..] } when choice < 8 => new OfferAnswered(offer.DriverId, offer.Id, true),
        { State: TripState.Searching } when world.Plans.GetValueOrDefault(driver)?.Availability != DriverAvailability.Available =>
            new AvailabilityChosen(driver, DriverAvailability.Available, true),
        { State: TripState.Searching } => new DriverChosen(driver, 1000, TimeSpan.FromSeconds(100)),
        { Next: { } next } => new WaypointProgressed(
            trip.DriverId ?? driver, next.Id, next.State == WaypointState.Arrived ? WaypointStep.Done : WaypointStep.Arrived, "1234"),
        _ => new SearchTimeEnded(),
    };

    private static ImmutableArray<RequestedWaypoint> Changed(Trip trip, int choice)
    {
        var asked = TripWorld.AsAsked(trip);
        return (choice % 4) switch
        {
            0 => asked,
            1 when asked.Length > 0 => asked.Insert(asked.Length - 1, new RequestedWaypoint(null, WaypointKind.Stop, TripWorld.Off(7), "")),
            2 when asked.Length > 1 => asked.RemoveAt(asked.Length - 2),
            _ when asked.Length > 0 => asked.SetItem(asked.Length - 1, new RequestedWaypoint(null, WaypointKind.Dropoff, TripWorld.Off(8), "")),
            _ => asked,
        };
    }

    private static void Apply(TripWorld world, string tripId, DispatchEvent happened)
    {
        var before = TripWorld.IsOfPlan(happened) ? null : world.Trips.GetValueOrDefault(tripId);
        var plansBefore = world.Plans.ToDictionary();
        if (world.Decide(happened, tripId) is not Transition transition)
        {
            return;
        }

        Check(before is not { IsFinal: true } || transition is { Trip: null, Plans.IsEmpty: true }, "a final trip never changes");
        var others = OthersIn(world, tripId);
        world.Commit(transition);
        Check(others.SequenceEqual(OthersIn(world, tripId)), "nothing changes of a trip that was not named");
        if (transition.Trip is { } trip)
        {
            Check(trip.Version == (before?.Version ?? 0) + 1, "a change is one version");
            Check(trip.Events.Select(e => e.Version).SequenceEqual(Enumerable.Range(1, (int)trip.Version).Select(v => (ulong)v)), "versions have no gap");
            Check(trip.Events[^1].State == trip.State && trip.Events[^1].OccurredAt <= trip.Events[^1].RecordedAt, "the event says the state");
            var steps = trip.Events.Where(e => e.Kind is TripEventKind.Assigned or TripEventKind.EnRoute or TripEventKind.Arrived or TripEventKind.WaypointDone);
            Check(steps.Zip(steps.Skip(1)).All(two => two.First.OccurredAt <= two.Second.OccurredAt), "what follows from something happens after it");
            Check(trip.Waypoints.All(w => w.DoneAt is null || w.ArrivedAt <= w.DoneAt), "who is done was there before");
            Check(trip.IsFinal == (trip.DueAt is null), "a trip that is not final has a deadline");
            Check(trip.Offers.All(o => trip.DueAt <= o.ExpiresAt), "an open offer has a deadline");
            Check(trip.Offers.Length <= TripWorld.Rules.OffersAtOnce, "no more are asked at once than may be");
            Check(trip.Waypoints.Select(w => w.Id).Distinct().Count() == trip.Waypoints.Length, "waypoints have ids of their own");
            Check(
                trip.Waypoints[0].Kind == WaypointKind.Pickup && trip.Waypoints[^1].Kind == WaypointKind.Dropoff && trip.Waypoints.Length <= 10,
                "a trip has a way");
            Check(!trip.Waypoints.SkipWhile(w => w.State == WaypointState.Done).Any(w => w.State == WaypointState.Done), "waypoints are done in order");
        }

        foreach (var plan in transition.Plans)
        {
            var previous = plansBefore.GetValueOrDefault(plan.DriverId) ?? DriverPlan.Empty(plan.DriverId);
            Check(plan.Version == previous.Version + 1, "a change of a plan is one version");
            var routes = transition.Commands.OfType<RouteChanged>().Where(c => c.DriverId == plan.DriverId).ToList();
            var known = happened is RouteUnknown unknown ? Math.Max(previous.RoutePlanVersion, unknown.RoutePlanVersion) : previous.RoutePlanVersion;
            Check(
                routes.Count == 0 ? plan.RoutePlanVersion == known : plan.RoutePlanVersion > known && plan.RoutePlanVersion >= (ulong)world.Now.ToUnixTimeMilliseconds(),
                "a route is told with each of its versions, which are not given again");
            Check(routes.All(c => c.RoutePlanVersion == plan.RoutePlanVersion), "a route has the plan's version");
        }

        CheckOneJob(world);
    }

    // What there is of other trips, also in plans: where they go and how far they have come.
    private static List<(string TripId, object What)> OthersIn(TripWorld world, string tripId) =>
    [
        .. world.Trips.Values.Where(t => t.Id != tripId).Select(t => (t.Id, (object)t)),
        .. world.Plans.Values.OrderBy(p => p.DriverId, StringComparer.Ordinal).SelectMany(p => p.Stops).Where(s => s.TripId != tripId)
            .Select(s => (s.TripId, (object)(s.WaypointId, s.State)))
            .OrderBy(s => s.TripId, StringComparer.Ordinal),
    ];

    private static void CheckOneJob(TripWorld world)
    {
        foreach (var plan in world.Plans.Values)
        {
            Check((plan.Work == DriverWork.Idle) == (plan.TripIds.IsEmpty && plan.OfferedTripId is null), "only who has no job is idle");
            Check(plan.OfferedTripId is null || world.Trips[plan.OfferedTripId].OfferTo(plan.DriverId) is not null, "the offer knows its driver");
            Check(
                plan.Trips.Length <= 1 || plan.Trips is [{ IsOnBoard: true }, { IsOnBoard: false }] || (plan.Trips.Length <= 3 && plan.Trips.All(t => t.CanShare)),
                "one driver has one trip, one queued behind it, or shared ones");
            Check(
                plan.Stops.Select(s => s.WaypointId).ToHashSet().SetEquals(plan.TripIds.SelectMany(id => world.Trips[id].Ahead.Select(w => w.Id))),
                "the stops of a plan are what is ahead of its trips");
            Check(plan.Stops.IsEmpty == (plan.Route is null), "who has somewhere to go has a way");
            Check(plan.Route is null || plan.Route.WaypointIds.SequenceEqual(plan.Stops.Select(s => s.WaypointId)), "the way leads through the stops");
            foreach (var planned in plan.Trips)
            {
                Check(world.Trips[planned.TripId] is { IsFinal: false } trip && trip.DriverId == plan.DriverId, "the trip knows its driver");
                Check(planned.IsOnBoard == (world.Trips[planned.TripId].State == TripState.InProgress), "who is on board rides");
                var own = plan.Stops.Where(s => s.TripId == planned.TripId).Select(s => s.WaypointId);
                Check(own.SequenceEqual(world.Trips[planned.TripId].Ahead.Select(w => w.Id)), "a trip's stops are in its order");
            }
        }

        foreach (var trip in world.Trips.Values.Where(t => !t.IsFinal))
        {
            Check(trip.Offers.All(o => world.Plans[o.DriverId].OfferedTripId == trip.Id), "the driver knows the offer");
            Check(trip.DriverId is null || world.Plans[trip.DriverId].TripIds.Contains(trip.Id), "the driver knows the trip");
            Check((trip.State is TripState.Searching or TripState.Scheduled) == (trip.DriverId is null), "who searches has no driver");
            Check(trip.State == TripState.Searching || trip.Offers.IsEmpty, "only who searches has offers");
        }
    }

    // Nobody calls any more: the deadlines alone bring every trip to its end.
    private static void EndAll(TripWorld world)
    {
        for (var looks = 0; world.Trips.Values.FirstOrDefault(t => !t.IsFinal) is { } trip; looks++)
        {
            Check(looks < 30, "deadlines end every trip");
            world.Now = world.Now > trip.DueAt!.Value ? world.Now : trip.DueAt.Value;
            DispatchEvent due = trip switch
            {
                { Offers.IsEmpty: false } => new OfferTimeEnded(),
                { State: TripState.Scheduled } => new SearchDue(),
                { State: TripState.Searching } => new SearchTimeEnded(),
                _ => new TripTimeEnded(),
            };
            Apply(world, trip.Id, due);
        }

        Check(world.Plans.Values.All(p => p.Work == DriverWork.Idle), "ended trips hold no driver");
        foreach (var assigned in world.Commands.OfType<TripAssigned>())
        {
            var (given, taken) = (
                world.Commands.OfType<TripAssigned>().Count(c => c.Trip.Id == assigned.Trip.Id && c.DriverId == assigned.DriverId),
                world.Commands.OfType<TripRemoved>().Count(c => c.TripId == assigned.Trip.Id && c.DriverId == assigned.DriverId));
            Check(given == taken, "a passenger is forgotten as often as told");
        }
    }

    private static void Check(bool holds, string invariant)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"Broken: {invariant}.");
        }
    }
}
