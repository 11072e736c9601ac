using System.Collections.Immutable;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Tests.Dispatch;

public sealed class TransitionTests
{
    private readonly TripWorld _world = new();

    private DriverPlan Plan => _world.Plans["d1"];

    [Fact]
    public void A_left_route_is_found_anew_from_where_the_driver_is_and_told()
    {
        _world.Assign("d1");
        var before = Plan.Route!;
        var transition = _world.Do(Left(5));
        var command = Assert.IsType<RouteChanged>(Assert.Single(transition.Commands));
        Assert.Equal((RouteChangeReason.OffRoute, before.Version + 1), (command.Reason, command.Route!.Version));
        Assert.NotEqual(before.Route.EncodedPolyline, command.Route.Route.EncodedPolyline);
        Assert.Null(transition.Trip);
        // Whoever is late with the same news changes nothing.
        Assert.Equal(RefusalReason.WrongState, _world.Refuse(Left(6)).Reason);

        RouteOutdated Left(int steps) =>
            new("d1", before.Version, RouteChangeReason.OffRoute) { Places = [new DriverPlace("d1", TripWorld.Off(steps))] };
    }

    [Fact]
    public void A_way_found_again_is_not_a_new_one()
    {
        _world.Assign("d1");
        var before = Plan.Route!;
        _world.Do(new RouteOutdated("d1", before.Version, RouteChangeReason.EtaDrifted) { Places = [new DriverPlace("d1", TripWorld.Off(-1))] });
        Assert.Equal(before.Version, Plan.Route!.Version);
    }

    [Fact]
    public void A_request_searches_and_has_a_deadline()
    {
        var transition = _world.Do(TripWorld.Ride());

        Assert.Equal(TripState.Searching, transition.Trip!.State);
        Assert.Equal(1ul, transition.Trip.Version);
        Assert.Equal(_world.Now + TripWorld.Rules.SearchTimeout, transition.Trip.DueAt);
        Assert.Equal(["t.w1", "t.w2"], transition.Trip.Waypoints.Select(w => w.Id));
    }

    [Fact]
    public void A_ride_goes_from_request_to_completed()
    {
        _world.Assign(stops: 1);
        Assert.Equal(TripState.Assigned, _world.Trip.State);
        Assert.Equal(DriverWork.ToPickup, Plan.Work);

        _world.Step(WaypointStep.Heading);
        Assert.Equal(TripState.EnRouteToPickup, _world.Trip.State);
        _world.Step(WaypointStep.Arrived);
        Assert.Equal(TripState.ArrivedAtPickup, _world.Trip.State);
        _world.Step(WaypointStep.Done);
        Assert.Equal(TripState.InProgress, _world.Trip.State);
        Assert.Equal(DriverWork.OnTrip, Plan.Work);
        _world.Step(WaypointStep.Arrived);
        _world.Step(WaypointStep.Done);
        _world.Step(WaypointStep.Heading);
        _world.Step(WaypointStep.Arrived);
        var last = _world.Step(WaypointStep.Done);

        Assert.Equal(TripState.Completed, _world.Trip.State);
        Assert.Null(_world.Trip.DueAt);
        Assert.Equal(DriverWork.Idle, Plan.Work);
        Assert.Empty(Plan.TripIds);
        Assert.IsType<TripRemoved>(last.Commands[0]);
        Assert.Empty(Assert.IsType<RouteChanged>(last.Commands[1]).Ahead);
        Assert.All(_world.Trip.Waypoints, w => Assert.NotNull(w.DoneAt));
        Assert.Equal(
            [
                TripEventKind.Requested, TripEventKind.Offered, TripEventKind.Assigned, TripEventKind.EnRoute, TripEventKind.Arrived,
                TripEventKind.WaypointDone, TripEventKind.Arrived, TripEventKind.WaypointDone, TripEventKind.EnRoute, TripEventKind.Arrived,
                TripEventKind.Completed,
            ],
            _world.Trip.Events.Select(e => e.Kind));
    }

    [Fact]
    public void Accepting_tells_the_passenger_then_the_way()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");

        var transition = _world.Do(new OfferAnswered("d1", "t.o1", true) { Places = [new DriverPlace("d1", TripWorld.Off(-1))] });

        Assert.IsType<TripAssigned>(transition.Commands[0]);
        var route = Assert.IsType<RouteChanged>(transition.Commands[1]);
        Assert.Equal((ulong)_world.Now.ToUnixTimeMilliseconds(), route.RoutePlanVersion);
        Assert.Equal(2, route.Route!.Route.Legs.Length);
        Assert.Equal(_world.Now + route.Route.Route.Legs[0].Duration, Plan.ArrivalAt("t.w1"));
        Assert.Equal(["t.w1", "t.w2"], transition.Trip!.Promised.Select(p => p.WaypointId));
    }

    [Fact]
    public void A_driver_who_declines_is_not_asked_again()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");
        _world.Do(new OfferAnswered("d1", "t.o1", false));

        Assert.Equal(TripState.Searching, _world.Trip.State);
        Assert.Equal(DriverWork.Idle, Plan.Work);
        Assert.Equal(RefusalReason.DriverNotFree, _world.Refuse(new DriverChosen("d1", 1, TimeSpan.Zero)).Reason);
        _world.Offer("d2");
        Assert.Equal("t.o2", _world.Trip.Offers[^1].Id);
    }

    [Fact]
    public void An_offer_ends_when_its_time_is_over_and_not_before()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");
        _world.Refuse(new OfferTimeEnded());

        _world.Now = _world.Trip.DueAt!.Value;
        Assert.Equal(RefusalReason.OfferClosed, _world.Refuse(new OfferAnswered("d1", "t.o1", true)).Reason);
        var transition = _world.Do(new OfferTimeEnded());

        Assert.Equal(OfferOutcome.TimedOut, Assert.IsType<OfferWithdrawn>(Assert.Single(transition.Commands)).Outcome);
        Assert.True(_world.Trip.IsPassedOver("d1", _world.Now.AddDays(1)));
        Assert.Equal(RefusalReason.OfferClosed, _world.Refuse(new OfferAnswered("d1", "t.o1", true)).Reason);
    }

    [Fact]
    public void Declining_what_was_accepted_is_answered_with_what_is_so()
    {
        _world.Assign("d1");
        Assert.EndsWith("the trip is the driver's, who can give it up.", Decline().Message, StringComparison.Ordinal);
        _world.Step(WaypointStep.Arrived);
        _world.Step(WaypointStep.Done);
        Assert.EndsWith("the rider is in the car, and the driver can only end the trip.", Decline().Message, StringComparison.Ordinal);
        _world.Step(WaypointStep.Arrived);
        _world.Step(WaypointStep.Done);
        Assert.EndsWith("the trip was the driver's and is Completed, nothing changes it any more.", Decline().Message, StringComparison.Ordinal);

        Refused Decline() => _world.Refuse(new OfferAnswered("d1", "t.o1", false));
    }

    [Fact]
    public void Somebody_elses_offer_is_as_if_it_were_not_there()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");

        var foreign = _world.Refuse(new OfferAnswered("d2", "t.o1", true));
        Assert.Equal(RefusalReason.OfferNotFound, foreign.Reason);
        Assert.Null(foreign.Met);
        Assert.Equal(RefusalReason.OfferNotFound, _world.Refuse(new OfferAnswered("d2", "u.o1", true), "u").Reason);
    }

    [Fact]
    public void A_driver_with_a_job_is_not_asked()
    {
        _world.Assign();
        _world.Do(TripWorld.Ride("u"), "u");

        Assert.Equal(RefusalReason.DriverNotFree, _world.Refuse(new DriverChosen("d1", 1, TimeSpan.Zero), "u").Reason);
    }

    [Fact]
    public void Without_a_driver_the_trip_ends_unfulfilled()
    {
        _world.Do(TripWorld.Ride());
        _world.Now = _world.Trip.DueAt!.Value;

        _world.Do(new SearchTimeEnded());

        Assert.Equal(TripState.Unfulfilled, _world.Trip.State);
        Assert.Null(_world.Trip.DueAt);
    }

    [Fact]
    public void After_the_last_offer_the_search_is_due_at_once()
    {
        _world.Do(TripWorld.Ride());
        for (var i = 1; i <= TripWorld.Rules.MaxOffers; i++)
        {
            _world.Offer($"d{i}");
            _world.Do(new OfferAnswered($"d{i}", _world.Trip.Offers[^1].Id, false));
        }

        Assert.Equal(_world.Now, _world.Trip.DueAt);
        _world.Refuse(new DriverChosen("d9", 1, TimeSpan.Zero));
        _world.Do(new SearchTimeEnded());
        Assert.Equal(TripState.Unfulfilled, _world.Trip.State);
    }

    [Theory]
    [InlineData(TripActor.Rider)]
    [InlineData(TripActor.Service)]
    [InlineData(TripActor.Ops)]
    public void A_cancelled_trip_lets_its_driver_go(TripActor actor)
    {
        _world.Assign();

        var transition = _world.Do(new CancelRequested(actor, CancellationReason.ChangedMind, "sorry"));

        Assert.Equal(new Cancellation(actor, CancellationReason.ChangedMind, "sorry"), _world.Trip.Cancellation);
        Assert.Equal(DriverWork.Idle, Plan.Work);
        Assert.Equal(TripState.Cancelled, Assert.IsType<TripRemoved>(transition.Commands[0]).State);
        Assert.Equal(Plan.RoutePlanVersion, Assert.IsType<RouteChanged>(transition.Commands[1]).RoutePlanVersion);
    }

    [Fact]
    public void Cancelling_an_offered_trip_withdraws_the_offer()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");

        var transition = _world.Do(new CancelRequested(TripActor.Rider, CancellationReason.ChangedMind, ""));

        Assert.Equal(OfferOutcome.Withdrawn, Assert.IsType<OfferWithdrawn>(Assert.Single(transition.Commands)).Outcome);
        Assert.Null(Plan.OfferedTripId);
        Assert.Empty(_world.Trip.Offers);
    }

    [Fact]
    public void Another_driver_can_neither_advance_nor_cancel_a_trip()
    {
        _world.Assign();

        Assert.Equal(RefusalReason.TripNotFound, _world.Refuse(new WaypointProgressed("d2", "t.w1", WaypointStep.Arrived)).Reason);
        Assert.Equal(
            RefusalReason.TripNotFound, _world.Refuse(new CancelRequested(TripActor.Driver, CancellationReason.Other, "", "d2")).Reason);
    }

    [Fact]
    public void The_system_ends_a_trip_that_lasts_too_long()
    {
        _world.Assign();
        _world.Refuse(new TripTimeEnded());
        _world.Now = _world.Trip.DueAt!.Value;

        _world.Do(new TripTimeEnded());

        Assert.Equal(new Cancellation(TripActor.System, CancellationReason.TooLong, ""), _world.Trip.Cancellation);
        Assert.Equal(DriverWork.Idle, Plan.Work);
    }

    [Fact]
    public void Steps_come_in_their_order_and_say_what_may_come_next()
    {
        _world.Assign();
        Assert.Contains("HEADING or ARRIVED", _world.Refuse(new WaypointProgressed("d1", "t.w1", WaypointStep.Done)).Message);
        Assert.Contains("t.w1", _world.Refuse(new WaypointProgressed("d1", "t.w2", WaypointStep.Arrived)).Message);
        _world.Step(WaypointStep.Heading);
        Assert.Contains("ARRIVED", _world.Refuse(new WaypointProgressed("d1", "t.w1", WaypointStep.Heading)).Message);
        _world.Step(WaypointStep.Arrived);
        Assert.Contains("DONE", _world.Refuse(new WaypointProgressed("d1", "t.w1", WaypointStep.Arrived)).Message);
    }

    [Fact]
    public void An_app_with_a_way_that_nobody_knows_is_told_the_plans_under_a_higher_version()
    {
        _world.Assign();
        var stops = Plan.Stops;
        var known = 2 * Plan.RoutePlanVersion;

        var route = Assert.IsType<RouteChanged>(Assert.Single(_world.Do(new RouteUnknown("d1", known)).Commands));

        Assert.Equal((known + 1, known + 1), (route.RoutePlanVersion, Plan.RoutePlanVersion));
        Assert.Equal(stops, route.Ahead);
        Assert.Empty(Assert.IsType<RouteChanged>(Assert.Single(_world.Do(new RouteUnknown("d2", 3)).Commands)).Ahead);
    }

    [Fact]
    public void New_waypoints_push_a_new_way_and_never_reuse_an_id()
    {
        _world.Assign();
        var asked = TripWorld.AsAsked(_world.Trip).Insert(1, new RequestedWaypoint(null, WaypointKind.Stop, TripWorld.Off(5), "shop"));

        var transition = _world.Do(new WaypointsRequested(_world.Trip.Version, asked));
        Assert.Equal(["t.w1", "t.w3", "t.w2"], _world.Trip.Waypoints.Select(w => w.Id));
        var route = Assert.IsType<RouteChanged>(Assert.Single(transition.Commands));
        Assert.Equal((Plan.RoutePlanVersion, RouteChangeReason.WaypointsUpdated), (route.RoutePlanVersion, route.Reason));
        Assert.Equal(3, route.Ahead.Length);

        asked = TripWorld.AsAsked(_world.Trip).SetItem(1, new RequestedWaypoint(null, WaypointKind.Stop, TripWorld.Off(6), "other shop"));
        _world.Do(new WaypointsRequested(_world.Trip.Version, asked));
        Assert.Equal(["t.w1", "t.w4", "t.w2"], _world.Trip.Waypoints.Select(w => w.Id));
    }

    [Fact]
    public void New_waypoints_under_an_open_offer_withdraw_it_without_blaming_the_driver()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");

        var transition = _world.Do(new WaypointsRequested(_world.Trip.Version, TripWorld.AsAsked(_world.Trip)));

        Assert.IsType<OfferWithdrawn>(Assert.Single(transition.Commands));
        Assert.Empty(_world.Trip.PassedOver);
        _world.Do(new DriverChosen("d1", 1, TimeSpan.Zero));
    }

    [Fact]
    public void Waypoints_that_were_seen_at_another_version_are_refused()
    {
        _world.Assign();

        var refused = _world.Refuse(new WaypointsRequested(1, TripWorld.AsAsked(_world.Trip)));

        Assert.Equal((RefusalReason.VersionMismatch, TripState.Assigned), (refused.Reason, refused.Met));
    }

    [Fact]
    public void What_is_reached_or_done_stays()
    {
        _world.Assign();
        _world.Step(WaypointStep.Arrived);
        var asked = TripWorld.AsAsked(_world.Trip);
        Assert.Equal("waypoints[0]", Waypoints([asked[0] with { Location = TripWorld.Off(9) }, asked[1]]).Field);
        _world.Step(WaypointStep.Done);
        Assert.Equal("waypoints[0].kind", Waypoints([asked[0], asked[1]]).Field);
        Assert.Equal("waypoints[0].waypoint_id", Waypoints([asked[1] with { Id = "t.w1" }]).Field);
        Assert.Equal("waypoints[1].waypoint_id", Waypoints([asked[1] with { Kind = WaypointKind.Stop, Id = null }, asked[1] with { Id = "u.w2" }]).Field);

        Refused Waypoints(ImmutableArray<RequestedWaypoint> waypoints) =>
            _world.Refuse(new WaypointsRequested(_world.Trip.Version, waypoints));
    }

    [Fact]
    public void A_driver_with_a_trip_cannot_vanish()
    {
        _world.Assign();

        Assert.Equal(RefusalReason.TripInPlan, _world.Refuse(new AvailabilityChosen("d1", DriverAvailability.Offline, true)).Reason);
        _world.Do(new AvailabilityChosen("d1", DriverAvailability.LastTrip, true));
    }

    [Fact]
    public void A_driver_whom_the_directory_does_not_know_is_offered_nothing()
    {
        Assert.Equal(
            RefusalReason.DriverUnknown, _world.Refuse(new AvailabilityChosen("d1", DriverAvailability.Available, false)).Reason);
        _world.Do(new AvailabilityChosen("d1", DriverAvailability.Paused, false));
    }

    [Fact]
    public void A_phones_clock_cannot_date_an_event_into_the_future_or_before_the_request()
    {
        _world.Assign();
        var arrived = new WaypointProgressed("d1", "t.w1", WaypointStep.Arrived) { OccurredAt = _world.Now.AddDays(1) };
        Assert.Equal(_world.Now, _world.Do(arrived).Trip!.Waypoints[0].ArrivedAt);
        var done = new WaypointProgressed("d1", "t.w1", WaypointStep.Done) { OccurredAt = _world.Now.AddDays(-1) };
        Assert.Equal(_world.Trip.RequestedAt, _world.Do(done).Trip!.Waypoints[0].DoneAt);
    }
}
