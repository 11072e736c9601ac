namespace RideTracking.Engine.Dispatch;

// What the driver does on the way.
public static partial class Transitions
{
    private static TransitionResult Progress(Trip trip, WaypointProgressed e, Moment at)
    {
        if (trip.DriverId != e.DriverId)
        {
            return NotOfThisDriver;
        }

        if (trip.IsFinal)
        {
            return IsOver(trip);
        }

        // Of all the driver's trips: what is queued or shared has its turn.
        var stop = at.PlanOf(e.DriverId).Stops.FirstOrDefault();
        if (stop?.WaypointId != e.WaypointId)
        {
            return new Refused(RefusalReason.WrongWaypoint, trip.State, $"The next waypoint is {stop?.WaypointId}, not {e.WaypointId}.", "trip_progress.waypoint_id");
        }

        if (stop.TripId != trip.Id)
        {
            return new Refused(RefusalReason.WrongWaypoint, trip.State, $"The waypoint {stop.WaypointId} is one of the trip {stop.TripId}.", "trip_progress.trip_id");
        }

        var next = trip.Next!;

        return (e.Step, next.State) switch
        {
            (WaypointStep.Heading, WaypointState.Pending) when trip.HeadingFor != next.Id => Head(trip, next, at),
            (WaypointStep.Arrived, WaypointState.Pending) => Arrive(trip, next, at),
            (WaypointStep.Done, WaypointState.Arrived) when next.Kind == WaypointKind.Pickup && !IsCode(trip, e) => new Refused(
                RefusalReason.WrongPickupCode, trip.State, "The rider has a code for this ride: ask for it and send it with DONE.", "trip_progress.pickup_code"),
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

    private static bool IsCode(Trip trip, WaypointProgressed e) => trip.Terms.PickupCode is not { } code || code == e.PickupCode;

    private static Transition Arrive(Trip trip, Waypoint next, Moment at)
    {
        var state = next.Kind == WaypointKind.Pickup ? TripState.ArrivedAtPickup : trip.State;
        var arrived = trip with
        {
            State = state,
            HeadingFor = next.Id,
            Waypoints = trip.Waypoints.Replace(next, next with { State = WaypointState.Arrived, ArrivedAt = at.OccurredIn(trip) }),
        };
        arrived = Record(arrived, TripEventKind.Arrived, TripActor.Driver, trip.DriverId, at);
        var plan = at.PlanOf(trip.DriverId!);
        var there = plan.Stops[0] with { State = WaypointState.Arrived, EstimatedArrival = null };
        return new Transition(arrived, [plan with { Version = plan.Version + 1, Stops = plan.Stops.SetItem(0, there) }], []);
    }

    private static Transition Finish(Trip trip, Waypoint next, WaypointProgressed e, Moment at)
    {
        var done = trip with
        {
            State = next.Kind == WaypointKind.Dropoff ? TripState.Completed : TripState.InProgress,
            Waypoints = trip.Waypoints.Replace(next, next with { State = WaypointState.Done, DoneAt = at.OccurredIn(trip) }),
        };
        if (done.State == TripState.Completed)
        {
            return End(done, TripEventKind.Completed, TripActor.Driver, at);
        }

        done = Record(done, TripEventKind.WaypointDone, TripActor.Driver, trip.DriverId, at);
        var plan = at.PlanOf(e.DriverId);
        plan = plan with
        {
            Version = plan.Version + 1,
            Stops = plan.Stops.RemoveAt(0),
            Trips = next.Kind == WaypointKind.Pickup
                ? [.. plan.Trips.Select(t => t.TripId == trip.Id ? t with { IsOnBoard = true, PickedUpAt = at.Now } : t)]
                : plan.Trips,
        };
        var (told, route) = Tell(WithRoute(plan, at, next.Location), RouteChangeReason.WaypointDone, at);
        return new Transition(next.Kind == WaypointKind.Pickup ? Promise(done, told, at) : done, [told], [route]);
    }
}
