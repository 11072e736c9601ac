using System.Collections.Immutable;
using System.Globalization;

namespace RideTracking.Engine.Dispatch;

// From the request to the end of the search.
public static partial class Transitions
{
    private static Transition Request(RideRequested e, Moment at)
    {
        var waypoints = ImmutableArray.CreateBuilder<Waypoint>(e.Waypoints.Length);
        foreach (var asked in e.Waypoints)
        {
            waypoints.Add(NewWaypoint(e.TripId, waypoints.Count + 1, asked));
        }

        var searchFrom = e.Terms.ScheduledFor - at.Rules.ScheduledLead is { } later && later > at.Now ? later : at.Now;
        var pickupAt = e.Terms.ScheduledFor is { } scheduled && scheduled > at.Now ? scheduled : at.Now;
        var trip = new Trip(
            e.TripId, 0, e.RiderId, searchFrom > at.Now ? TripState.Scheduled : TripState.Searching, waypoints.MoveToImmutable(), e.PartySize, e.Note,
            at.Now, searchFrom, pickupAt + at.Rules.SearchTimeout)
        {
            Terms = e.Terms,
            WaypointsMade = e.Waypoints.Length,
        };
        return new Transition(Record(trip, TripEventKind.Requested, e.Actor, null, at), [], []);
    }

    private static Waypoint NewWaypoint(string tripId, int number, RequestedWaypoint asked) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{tripId}.w{number}"), asked.Kind, WaypointState.Pending, asked.Location, asked.Label);

    private static TransitionResult BeginSearch(Trip trip, Moment at) =>
        trip.State != TripState.Scheduled ? WrongState(trip, "only a scheduled trip waits for its search.")
        : at.Now < trip.SearchFrom ? WrongState(trip, $"its search begins at {trip.SearchFrom:u}.")
        : new Transition(Record(trip with { State = TripState.Searching }, TripEventKind.SearchStarted, TripActor.System, null, at), [], []);

    private static TransitionResult EndSearchTime(Trip trip, Moment at) =>
        trip.State == TripState.Searching && trip.Offers.IsEmpty && at.Now >= trip.SearchUntil
            ? new Transition(Record(trip with { State = TripState.Unfulfilled }, TripEventKind.Unfulfilled, TripActor.System, null, at), [], [])
            : WrongState(trip, "only a search without an open offer can run out of time.");
}
