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

    // What happens, where, with what, and how long after what happened before. Above 12: what a ride would do next.
    private static readonly Gen<(int What, int Trip, int Driver, int Choice, int Seconds)> Happening =
        Gen.Select(Gen.Int[0, 28], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 11], Gen.Frequency((20, Gen.Int[0, 3]), (1, Gen.Int[10, 400])));

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
        var party = happening.Choice < 9 ? trip?.Offer?.DriverId ?? trip?.DriverId ?? driver : driver;
        DispatchEvent happened = happening.What switch
        {
            0 => TripWorld.Ride(tripId, happening.Choice % 3),
            1 => new AvailabilityChosen(driver, (DriverAvailability)(1 + (happening.Choice % 4)), true),
            2 => new DriverChosen(driver, 1000, TimeSpan.FromSeconds(100)),
            3 => new OfferAnswered(party, trip?.Offer?.Id ?? $"{tripId}.o1", false, null),
            4 => new OfferAnswered(driver, trip?.Offer?.Id ?? $"{tripId}.o1", true, null),
            5 => new OfferTimeEnded(),
            6 => new WaypointProgressed(
                party, happening.Choice == 11 ? $"{tripId}.w2" : trip?.Next?.Id ?? "", (WaypointStep)(1 + (happening.Choice % 3)), null),
            7 or 8 => new WaypointsRequested(
                (trip?.Version ?? 0) - (happening.Choice == 10 ? 1ul : 0), trip is null ? [] : Changed(trip, happening.Choice), null),
            9 => new CancelRequested(TripActor.Rider, CancellationReason.ChangedMind, ""),
            10 => new CancelRequested(TripActor.Driver, CancellationReason.VehicleTrouble, "", party),
            11 => new TripTimeEnded(),
            12 => new SearchTimeEnded(),
            13 => new RouteOutdated(
                (trip?.Route?.Version ?? 0) + (happening.Choice == 11 ? 1ul : 0), RouteChangeReason.OffRoute, new DriverPlace(TripWorld.Off(-1), 90)),
            _ => Forward(world, trip, tripId, driver, happening.Choice),
        };
        return (tripId, happened);
    }

    private static DispatchEvent Forward(TripWorld world, Trip? trip, string tripId, string driver, int choice) => trip switch
    {
        null => TripWorld.Ride(tripId, choice % 3),
        { Offer: { } offer } => new OfferAnswered(offer.DriverId, offer.Id, true, new DriverPlace(TripWorld.Off(-1))),
        { State: TripState.Searching } when world.Plans.GetValueOrDefault(driver)?.Availability != DriverAvailability.Available =>
            new AvailabilityChosen(driver, DriverAvailability.Available, true),
        { State: TripState.Searching } => new DriverChosen(driver, 1000, TimeSpan.FromSeconds(100)),
        { Next: { } next } => new WaypointProgressed(
            trip.DriverId ?? driver, next.Id, next.State == WaypointState.Arrived ? WaypointStep.Done : WaypointStep.Arrived, null),
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
        var before = happened is AvailabilityChosen ? null : world.Trips.GetValueOrDefault(tripId);
        var plansBefore = world.Plans.ToDictionary();
        if (world.Decide(happened, tripId) is not Transition transition)
        {
            return;
        }

        Check(before is not { IsFinal: true }, "a final trip never changes");
        world.Commit(transition);
        if (transition.Trip is { } trip)
        {
            Check(trip.Version == (before?.Version ?? 0) + 1, "a change is one version");
            Check(trip.Events.Select(e => e.Version).SequenceEqual(Enumerable.Range(1, (int)trip.Version).Select(v => (ulong)v)), "versions have no gap");
            Check(trip.Events[^1].State == trip.State && trip.Events[^1].OccurredAt <= trip.Events[^1].RecordedAt, "the event says the state");
            Check(trip.IsFinal == (trip.DueAt is null), "a trip that is not final has a deadline");
            Check(trip.Offer is null || trip.DueAt <= trip.Offer.ExpiresAt, "an open offer has a deadline");
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
            Check(plan.RoutePlanVersion == previous.RoutePlanVersion + (ulong)routes.Count, "a route is told with each of its versions");
            Check(routes.All(c => c.RoutePlanVersion == plan.RoutePlanVersion), "a route has the plan's version");
        }

        CheckOneJob(world);
    }

    private static void CheckOneJob(TripWorld world)
    {
        foreach (var plan in world.Plans.Values)
        {
            Check(plan.TripIds.Length + (plan.OfferedTripId is null ? 0 : 1) <= 1, "one driver has one job");
            Check((plan.Work == DriverWork.Idle) == (plan.TripIds.IsEmpty && plan.OfferedTripId is null), "only who has no job is idle");
            Check((plan.Work == DriverWork.Offered) == (plan.OfferedTripId is not null), "who has an offer is offered");
            Check(plan.OfferedTripId is null || world.Trips[plan.OfferedTripId].Offer?.DriverId == plan.DriverId, "the offer knows its driver");
            foreach (var id in plan.TripIds)
            {
                Check(world.Trips[id] is { IsFinal: false } trip && trip.DriverId == plan.DriverId, "the trip knows its driver");
            }
        }

        foreach (var trip in world.Trips.Values.Where(t => !t.IsFinal))
        {
            Check(trip.Offer is null || world.Plans[trip.Offer.DriverId].OfferedTripId == trip.Id, "the driver knows the offer");
            Check(trip.DriverId is null || world.Plans[trip.DriverId].TripIds.Contains(trip.Id), "the driver knows the trip");
            Check((trip.State == TripState.Searching) == (trip.DriverId is null), "who searches has no driver");
        }
    }

    // Nobody calls any more: the deadlines alone bring every trip to its end.
    private static void EndAll(TripWorld world)
    {
        for (var looks = 0; world.Trips.Values.FirstOrDefault(t => !t.IsFinal) is { } trip; looks++)
        {
            Check(looks < 20, "deadlines end every trip");
            world.Now = world.Now > trip.DueAt!.Value ? world.Now : trip.DueAt.Value;
            Apply(world, trip.Id, trip.Offer is not null ? new OfferTimeEnded() : trip.State == TripState.Searching ? new SearchTimeEnded() : new TripTimeEnded());
        }

        Check(world.Plans.Values.All(p => p.Work == DriverWork.Idle), "ended trips hold no driver");
        foreach (var assigned in world.Commands.OfType<TripAssigned>())
        {
            Check(world.Commands.OfType<TripRemoved>().Count(c => c.TripId == assigned.Trip.Id && c.DriverId == assigned.DriverId) == 1, "a passenger is forgotten once");
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
