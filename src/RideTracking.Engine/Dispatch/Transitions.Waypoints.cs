using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch;

// Where a trip goes may change until it is there.
public static partial class Transitions
{
    private static TransitionResult UpdateWaypoints(Trip trip, WaypointsRequested e, Moment at)
    {
        if (trip.IsFinal)
        {
            return IsOver(trip);
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
                Offers = [],
            },
            TripEventKind.WaypointsUpdated, e.Actor, trip.DriverId, at);
        if (trip.DriverId is not { } driverId)
        {
            // Who was asked was asked for another ride than this: ask again.
            var (plans, withdrawn) = CloseOffers(trip, at);
            return new Transition(updated, plans, withdrawn);
        }

        var (told, route) = Tell(WithRoute(Restop(updated, at.PlanOf(driverId)), at), RouteChangeReason.WaypointsUpdated, at);
        return new Transition(Promise(updated, told, at), [told], [route]);
    }

    // What is done stays, what was reached stays first and where it is, the rest is as asked.
    private static Refused? MergeWaypoints(
        Trip trip, ImmutableArray<RequestedWaypoint> asked, int limit, out ImmutableArray<Waypoint> merged, out int made)
    {
        var result = trip.Waypoints.Where(w => w.State == WaypointState.Done).ToList();
        var done = result.Count;
        merged = trip.Waypoints;
        made = trip.WaypointsMade;
        if (trip.Terms.CanShare && done + asked.Length > 2)
        {
            return Invalid("waypoints", "A shared ride has one pick-up and one drop-off.");
        }

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

            result.Add(known with { Location = asked[i].Location, Label = asked[i].Label });
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
