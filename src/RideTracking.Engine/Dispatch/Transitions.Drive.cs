using System.Collections.Immutable;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

// From the assignment to the last waypoint.
public static partial class Transitions
{
    private static TransitionResult Progress(Trip trip, WaypointProgressed e, Moment at)
    {
        if (trip.DriverId != e.DriverId)
        {
            return new Refused(RefusalReason.TripNotFound, null, "There is no such trip of this driver.");
        }

        if (trip.IsFinal)
        {
            return WrongState(trip, "it is over and nothing changes it any more.");
        }

        var next = trip.Next!;
        if (next.Id != e.WaypointId)
        {
            return new Refused(RefusalReason.WrongWaypoint, trip.State, $"The next waypoint is {next.Id}, not {e.WaypointId}.", "trip_progress.waypoint_id");
        }

        return (e.Step, next.State) switch
        {
            (WaypointStep.Heading, WaypointState.Pending) when trip.HeadingFor != next.Id => Head(trip, next, at),
            (WaypointStep.Arrived, WaypointState.Pending) => Arrive(trip, next, at),
            (WaypointStep.Done, WaypointState.Arrived) => Finish(trip, next, e, at),
            _ => new Refused(
                RefusalReason.WrongWaypoint, trip.State,
                $"The trip is {trip.State}, its waypoint {next.Id} is {next.State}: {Allowed(trip, next)} is what can come next.", "trip_progress.step"),
        };
    }

    private static string Allowed(Trip trip, Waypoint next) => (next.State, trip.HeadingFor == next.Id) switch
    {
        (WaypointState.Arrived, _) => "DONE",
        (_, true) => "ARRIVED",
        _ => "HEADING or ARRIVED",
    };

    private static Transition Head(Trip trip, Waypoint next, Moment at)
    {
        var state = next.Kind == WaypointKind.Pickup ? TripState.EnRouteToPickup : trip.State;
        var heading = trip with { State = state, HeadingFor = next.Id };
        return new Transition(Record(heading, TripEventKind.EnRoute, TripActor.Driver, trip.DriverId, at), [], []);
    }

    private static Transition Arrive(Trip trip, Waypoint next, Moment at)
    {
        var state = next.Kind == WaypointKind.Pickup ? TripState.ArrivedAtPickup : trip.State;
        var arrived = trip with
        {
            State = state,
            HeadingFor = next.Id,
            Waypoints = trip.Waypoints.Replace(next, next with { State = WaypointState.Arrived, EstimatedArrival = null, ArrivedAt = at.OccurredSince(trip.RequestedAt) }),
        };
        return new Transition(Record(arrived, TripEventKind.Arrived, TripActor.Driver, trip.DriverId, at), [], []);
    }

    private static Transition Finish(Trip trip, Waypoint next, WaypointProgressed e, Moment at)
    {
        var done = trip with
        {
            State = next.Kind == WaypointKind.Dropoff ? TripState.Completed : TripState.InProgress,
            Waypoints = trip.Waypoints.Replace(next, next with { State = WaypointState.Done, DoneAt = at.OccurredSince(trip.RequestedAt) }),
        };
        if (done.State == TripState.Completed)
        {
            return End(done, TripEventKind.Completed, TripActor.Driver, at);
        }

        done = WithRoute(Record(done, TripEventKind.WaypointDone, TripActor.Driver, trip.DriverId, at), e.DriverAt, at);
        var plan = at.PlanOf(e.DriverId);
        var (told, route) = TellRoute(plan with { Version = plan.Version + 1, Work = DriverWork.OnTrip }, done, RouteChangeReason.WaypointDone, at);
        return new Transition(done, [told], [route]);
    }

    private static TransitionResult FindRouteAnew(Trip trip, RouteOutdated e, Moment at)
    {
        if (trip.Route?.Version != e.RouteVersion || trip.DriverId is not { } driverId)
        {
            return WrongState(trip, "the route is not its route any more.");
        }

        if (trip.RouteChanges >= at.Rules.MaxRouteChanges)
        {
            return new Refused(RefusalReason.TooManyChanges, trip.State, $"A route may change {at.Rules.MaxRouteChanges} times in a trip.");
        }

        var changed = Record(
            trip with { RouteChanges = trip.RouteChanges + 1 }, TripEventKind.RouteChanged, TripActor.System, driverId, at);
        changed = WithRoute(changed, e.DriverAt, at);
        var plan = at.PlanOf(driverId);
        var (told, route) = TellRoute(plan with { Version = plan.Version + 1 }, changed, e.Reason, at);
        return new Transition(changed, [told], [route]);
    }

    private static TransitionResult UpdateWaypoints(Trip trip, WaypointsRequested e, Moment at)
    {
        if (trip.IsFinal)
        {
            return WrongState(trip, "it is over and nothing changes it any more.");
        }

        if (trip.Version != e.ExpectedVersion)
        {
            return new Refused(
                RefusalReason.VersionMismatch, trip.State,
                $"The trip is at version {trip.Version}, not {e.ExpectedVersion}: read it again and decide anew.", "expected_version");
        }

        if (trip.WaypointUpdates >= at.Rules.MaxWaypointUpdates)
        {
            return new Refused(RefusalReason.TooManyChanges, trip.State, $"Waypoints may be changed {at.Rules.MaxWaypointUpdates} times in a trip.");
        }

        if (MergeWaypoints(trip, e.Waypoints, at.Rules.MaxWaypoints, out var waypoints, out var made) is { } refused)
        {
            return refused;
        }

        var updated = Record(
            trip with
            {
                Waypoints = waypoints,
                WaypointsMade = made,
                WaypointUpdates = trip.WaypointUpdates + 1,
                Offer = null,
            },
            TripEventKind.WaypointsUpdated, TripActor.Rider, trip.DriverId, at);
        if (trip.Offer is { } offer)
        {
            // The driver was asked for another ride than this: ask again.
            var (closed, withdrawn) = CloseOffer(trip, offer, OfferOutcome.Withdrawn, at);
            return new Transition(updated, [closed], [withdrawn]);
        }

        if (updated.DriverId is null)
        {
            return new Transition(updated, [], []);
        }

        updated = WithRoute(updated, e.DriverAt, at);
        var plan = at.PlanOf(updated.DriverId!);
        var (told, route) = TellRoute(plan with { Version = plan.Version + 1 }, updated, RouteChangeReason.WaypointsUpdated, at);
        return new Transition(updated, [told], [route]);
    }

    // What is done stays, what was reached stays first and where it is, the rest is as asked.
    private static Refused? MergeWaypoints(
        Trip trip, ImmutableArray<RequestedWaypoint> asked, int limit, out ImmutableArray<Waypoint> merged, out int made)
    {
        var result = trip.Waypoints.Where(w => w.State == WaypointState.Done).ToList();
        var done = result.Count;
        merged = trip.Waypoints;
        made = trip.WaypointsMade;
        if (asked.IsEmpty || done + asked.Length > limit)
        {
            return Invalid("waypoints", $"The trip may have 2 to {limit} waypoints, the {done} done included; {asked.Length} were given.");
        }

        for (var i = 0; i < asked.Length; i++)
        {
            var field = $"waypoints[{i}]";
            var kind = i == asked.Length - 1 ? WaypointKind.Dropoff
                : done + i == 0 ? WaypointKind.Pickup
                : WaypointKind.Stop;
            if (asked[i].Kind != kind || done + asked.Length < 2)
            {
                return Invalid($"{field}.kind", "The first waypoint of a trip is its PICKUP, the last its DROPOFF, all between are STOPs.");
            }

            if (asked[i].Id is not { } id)
            {
                result.Add(NewWaypoint(trip.Id, ++made, asked[i]));
                continue;
            }

            var known = trip.Waypoints.FirstOrDefault(w => w.Id == id && w.State != WaypointState.Done);
            if (known is null || known.Kind != kind || result.Any(w => w.Id == id))
            {
                return Invalid($"{field}.waypoint_id", $"{id} must be a waypoint of this trip and kind that is not done, and be named once.");
            }

            result.Add(known with { Location = asked[i].Location, Label = asked[i].Label, EstimatedArrival = null });
        }

        if (trip.Next is { State: WaypointState.Arrived } reached && (result[done].Id != reached.Id || result[done].Location != reached.Location))
        {
            return Invalid("waypoints[0]", $"The car is at {reached.Id}: it stays first and where it is.");
        }

        merged = [.. result];
        return null;

        Refused Invalid(string field, string message) => new(RefusalReason.InvalidWaypoints, trip.State, message, field);
    }
}
