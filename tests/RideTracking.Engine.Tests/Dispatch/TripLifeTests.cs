using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Tests.Dispatch;

/// <summary>What can become of a trip beside the plain ride.</summary>
public sealed class TripLifeTests
{
    private readonly TripWorld _world = new();

    private DriverPlan PlanOf(string driverId) => _world.Plans[driverId];

    [Fact]
    public void A_scheduled_trip_searches_when_its_time_comes()
    {
        var pickupAt = _world.Now.AddHours(2);
        _world.Do(TripWorld.Ride(terms: new TripTerms { ScheduledFor = pickupAt }));
        Assert.Equal((TripState.Scheduled, pickupAt - TripWorld.Rules.ScheduledLead), (_world.Trip.State, _world.Trip.DueAt));
        _world.Do(new AvailabilityChosen("d1", DriverAvailability.Available, true));
        Assert.Equal(RefusalReason.WrongState, _world.Refuse(new DriverChosen("d1", 1, TimeSpan.Zero)).Reason);
        Assert.Equal(RefusalReason.WrongState, _world.Refuse(new SearchDue()).Reason);

        _world.Now = _world.Trip.DueAt!.Value;
        _world.Do(new SearchDue());

        Assert.Equal((TripState.Searching, pickupAt + TripWorld.Rules.SearchTimeout), (_world.Trip.State, _world.Trip.DueAt));
    }

    [Fact]
    public void Of_several_who_are_asked_the_first_to_accept_has_it_and_the_others_are_told()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");
        _world.Offer("d2");

        var transition = _world.Do(new OfferAnswered("d2", "t.o2", true));

        Assert.Equal("d2", _world.Trip.DriverId);
        Assert.Equal(OfferOutcome.LostRace, Assert.Single(transition.Commands.OfType<OfferWithdrawn>(), w => w.DriverId == "d1").Outcome);
        Assert.Equal(DriverWork.Idle, PlanOf("d1").Work);
        Assert.Equal(RefusalReason.OfferClosed, _world.Refuse(new OfferAnswered("d1", "t.o1", true)).Reason);
    }

    [Fact]
    public void Accepting_twice_is_no_error_and_changes_nothing()
    {
        _world.Assign();

        var again = _world.Do(new OfferAnswered("d1", "t.o1", true));

        Assert.Null(again.Trip);
        Assert.Empty(again.Plans);
        Assert.Contains("accepted", _world.Refuse(new OfferAnswered("d1", "t.o1", false)).Message);
    }

    [Fact]
    public void An_offer_that_never_arrived_is_not_held_against_the_driver()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");
        _world.Now = _world.Trip.DueAt!.Value;

        var transition = _world.Do(new OfferTimeEnded(["d1"]));

        Assert.Equal(OfferOutcome.Undelivered, Assert.IsType<OfferWithdrawn>(Assert.Single(transition.Commands)).Outcome);
        Assert.Equal((0, null), (PlanOf("d1").RecentRefusals, PlanOf("d1").CoolDownUntil));
        _world.Now += TripWorld.Rules.UndeliveredPause;
        _world.Do(new DriverChosen("d1", 1, TimeSpan.Zero));
    }

    [Fact]
    public void Who_declines_or_ignores_is_left_alone_longer_each_time()
    {
        _world.Limits = TripWorld.Rules with { CoolDown = TimeSpan.FromSeconds(10), MaxCoolDown = TimeSpan.FromSeconds(25) };
        foreach (var seconds in (int[])[10, 20, 25])
        {
            var tripId = $"t{seconds}";
            _world.Do(TripWorld.Ride(tripId), tripId);
            _world.Offer("d1", tripId);
            _world.Do(new OfferAnswered("d1", $"{tripId}.o1", false, DeclineReason.TooFar), tripId);
            Assert.Equal(_world.Now.AddSeconds(seconds), PlanOf("d1").CoolDownUntil);
            Assert.Equal(DeclineReason.TooFar, _world.Trips[tripId].Events[^1].Decline);
            _world.Do(TripWorld.Ride("next" + seconds), "next" + seconds);
            Assert.Contains("CoolingDown", _world.Refuse(new DriverChosen("d1", 1, TimeSpan.Zero), "next" + seconds).Message);
            _world.Now = PlanOf("d1").CoolDownUntil!.Value;
        }

        _world.Offer("d1", "next10");
        _world.Do(new OfferAnswered("d1", "next10.o1", true), "next10");
        Assert.Equal(0, PlanOf("d1").RecentRefusals);
    }

    [Fact]
    public void A_driver_with_a_rider_in_the_car_gets_the_next_trip_behind_it()
    {
        _world.Assign();
        _world.Do(TripWorld.Ride("u"), "u");
        Assert.Contains("Busy", _world.Refuse(new DriverChosen("d1", 1, TimeSpan.Zero), "u").Message);
        _world.Step(WaypointStep.Arrived);
        _world.Step(WaypointStep.Done);

        var offered = Assert.IsType<TripOffered>(Assert.Single(_world.Do(new DriverChosen("d1", 1, TimeSpan.Zero), "u").Commands));
        Assert.True(offered.IsNext);
        var accepted = _world.Do(new OfferAnswered("d1", "u.o1", true), "u");
        var way = Assert.Single(accepted.Commands.OfType<RouteChanged>());
        Assert.Equal(["t.w2", "u.w1", "u.w2"], way.Ahead.Select(s => s.WaypointId));
        Assert.Equal(3, way.Route!.Route.Legs.Length);
        Assert.Contains("t.w2", _world.Refuse(new WaypointProgressed("d1", "u.w1", WaypointStep.Arrived), "u").Message);
        // A third one has to wait.
        _world.Do(TripWorld.Ride("v"), "v");
        Assert.Contains("Busy", _world.Refuse(new DriverChosen("d1", 1, TimeSpan.Zero), "v").Message);

        _world.Step(WaypointStep.Arrived);
        var done = _world.Step(WaypointStep.Done);
        Assert.Equal(["u.w1", "u.w2"], Assert.Single(done.Commands.OfType<RouteChanged>()).Ahead.Select(s => s.WaypointId));
        Assert.Equal(DriverWork.ToPickup, PlanOf("d1").Work);
    }

    [Fact]
    public void A_waypoint_of_another_trip_of_the_driver_is_refused_and_changes_neither()
    {
        _world.Assign();
        _world.Step(WaypointStep.Arrived);
        _world.Step(WaypointStep.Done);
        _world.Do(TripWorld.Ride("u"), "u");
        _world.Do(new DriverChosen("d1", 1, TimeSpan.Zero), "u");
        _world.Do(new OfferAnswered("d1", "u.o1", true), "u");

        foreach (var step in (WaypointStep[])[WaypointStep.Heading, WaypointStep.Arrived, WaypointStep.Done])
        {
            var refused = _world.Refuse(new WaypointProgressed("d1", "t.w2", step), "u");
            Assert.Equal((RefusalReason.WrongWaypoint, "trip_progress.trip_id"), (refused.Reason, refused.Field));
        }
    }

    [Fact]
    public void A_queued_trip_that_is_cancelled_leaves_the_ride_before_it_alone()
    {
        A_driver_with_a_rider_in_the_car_gets_the_next_trip_behind_it();

        _world.Do(new CancelRequested(TripActor.Rider, CancellationReason.ChangedMind, ""), "u");

        Assert.Equal((DriverWork.Idle, 0), (PlanOf("d1").Work, PlanOf("d1").Stops.Length));
    }

    [Fact]
    public void Riders_share_a_car_in_the_order_that_costs_least()
    {
        var share = new TripTerms { CanShare = true };
        _world.Do(TripWorld.Ride(terms: share));
        _world.Do(new AvailabilityChosen("d1", DriverAvailability.Available, true));
        _world.Do(At(new DriverChosen("d1", 1000, TimeSpan.FromSeconds(100), Seats: 4)));
        _world.Do(At(new OfferAnswered("d1", "t.o1", true)));
        _world.Do(TripWorld.Ride("u", terms: share), "u");
        var offered = Assert.IsType<TripOffered>(Assert.Single(_world.Do(At(new DriverChosen("d1", 1, TimeSpan.Zero, Seats: 4)), "u").Commands));
        Assert.True(offered.IsShared);

        _world.Do(At(new OfferAnswered("d1", "u.o1", true)), "u");

        // From and to the same places: both get in, then both get out.
        Assert.Equal(
            [WaypointKind.Pickup, WaypointKind.Pickup, WaypointKind.Dropoff, WaypointKind.Dropoff], PlanOf("d1").Stops.Select(s => s.Kind));
        // Whose way leads elsewhere is taken there after the others, who keep theirs.
        var far = new RequestedWaypoint(null, WaypointKind.Dropoff, TripWorld.Off(-90), "");
        _world.Do(TripWorld.Ride("v", terms: share) with { Waypoints = [TripWorld.Ride("v").Waypoints[0], far] }, "v");
        _world.Do(At(new DriverChosen("d1", 1, TimeSpan.Zero, Seats: 4)), "v");
        _world.Do(At(new OfferAnswered("d1", "v.o1", true)), "v");
        Assert.Equal("v.w2", PlanOf("d1").Stops[^1].WaypointId);
        Assert.Contains("NoSeats", _world.Refuse(At(new DriverChosen("d1", 1, TimeSpan.Zero, Seats: 1)), Party(3)).Message);

        DispatchEvent At(DispatchEvent happened) => happened with { Places = [new DriverPlace("d1", TripWorld.Off(-1))] };

        string Party(int size)
        {
            _world.Do(TripWorld.Ride("w", terms: share) with { PartySize = size }, "w");
            return "w";
        }
    }

    [Fact]
    public void A_rider_who_does_not_come_ends_the_trip_after_a_while_and_not_before()
    {
        _world.Assign();
        var noShow = new CancelRequested(TripActor.Driver, CancellationReason.NotThere, "", "d1");
        Assert.Contains("ArrivedAtPickup", _world.Refuse(noShow).Message);
        // A phone that claims to have waited since yesterday.
        _world.Do(new WaypointProgressed("d1", "t.w1", WaypointStep.Arrived) { OccurredAt = _world.Now.AddDays(-1) });
        Assert.Equal(RefusalReason.WrongState, _world.Refuse(noShow).Reason);

        _world.Now += TripWorld.Rules.NoShowWait;
        _world.Do(noShow);

        Assert.Equal((TripState.Cancelled, CancellationReason.NotThere), (_world.Trip.State, _world.Trip.Cancellation!.Reason));
    }

    [Fact]
    public void A_driver_who_gives_up_before_the_pick_up_is_replaced()
    {
        _world.Assign();
        _world.Step(WaypointStep.Arrived);

        var transition = _world.Do(new CancelRequested(TripActor.Driver, CancellationReason.VehicleTrouble, "flat tyre", "d1"));

        Assert.Equal((TripState.Searching, null), (_world.Trip.State, _world.Trip.DriverId));
        Assert.All(_world.Trip.Waypoints, w => Assert.Equal((WaypointState.Pending, null), (w.State, w.ArrivedAt)));
        var happened = _world.Trip.Events[^1];
        Assert.Equal(
            (TripEventKind.DriverRemoved, TripActor.Driver, RemovalReason.GivenUp, CancellationReason.VehicleTrouble, "flat tyre"),
            (happened.Kind, happened.Actor, happened.Removal, happened.Cancellation, happened.Note));
        Assert.IsType<TripRemoved>(transition.Commands[0]);
        Assert.Contains("PassedOver", _world.Refuse(new DriverChosen("d1", 1, TimeSpan.Zero)).Message);
        _world.Offer("d2");
    }

    [Fact]
    public void A_rider_in_the_car_cannot_cancel_but_ops_and_the_driver_can_end_it()
    {
        _world.Assign();
        _world.Step(WaypointStep.Arrived);
        _world.Step(WaypointStep.Done);

        Assert.Equal(
            (RefusalReason.WrongState, TripState.InProgress), Met(_world.Refuse(new CancelRequested(TripActor.Rider, CancellationReason.ChangedMind, ""))));
        Assert.Equal(
            (RefusalReason.WrongState, TripState.InProgress), Met(_world.Refuse(new CancelRequested(TripActor.Driver, CancellationReason.NotThere, "", "d1"))));
        _world.Do(new CancelRequested(TripActor.Driver, CancellationReason.VehicleTrouble, "", "d1"));
        Assert.Equal(TripState.Cancelled, _world.Trip.State);

        static (RefusalReason, TripState) Met(Refused refused) => (refused.Reason, refused.Met!.Value);
    }

    [Fact]
    public void The_ride_begins_with_the_riders_code()
    {
        _world.Do(TripWorld.Ride(terms: new TripTerms { PickupCode = "0042" }));
        _world.Offer("d1");
        _world.Do(new OfferAnswered("d1", "t.o1", true));
        _world.Step(WaypointStep.Arrived);

        Assert.Equal(RefusalReason.WrongPickupCode, _world.Refuse(new WaypointProgressed("d1", "t.w1", WaypointStep.Done)).Reason);
        Assert.Equal(RefusalReason.WrongPickupCode, _world.Refuse(new WaypointProgressed("d1", "t.w1", WaypointStep.Done, "4200")).Reason);
        _world.Do(new WaypointProgressed("d1", "t.w1", WaypointStep.Done, "0042"));
        Assert.Equal(TripState.InProgress, _world.Trip.State);
    }

    [Fact]
    public void Ops_give_a_trip_to_a_driver_and_then_to_another()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");
        Assert.Contains("Offline", _world.Refuse(new AssignRequested("d2", TripActor.Ops, "")).Message);
        _world.Do(new AvailabilityChosen("d2", DriverAvailability.Paused, true));

        var given = _world.Do(new AssignRequested("d2", TripActor.Ops, "he knows the way"));
        Assert.Equal((TripState.Assigned, "d2"), (_world.Trip.State, _world.Trip.DriverId));
        Assert.Equal((TripEventKind.Assigned, TripActor.Ops, "he knows the way"), (_world.Trip.Events[^1].Kind, _world.Trip.Events[^1].Actor, _world.Trip.Events[^1].Note));
        Assert.Contains(given.Commands, c => c is OfferWithdrawn { DriverId: "d1" });

        var taken = _world.Do(new AssignRequested("d1", TripActor.Service, ""));
        Assert.Equal("d1", _world.Trip.DriverId);
        Assert.Contains(taken.Commands, c => c is TripRemoved { DriverId: "d2", State: TripState.Assigned });
        Assert.Equal((DriverWork.Idle, DriverWork.ToPickup), (PlanOf("d2").Work, PlanOf("d1").Work));

        _world.Do(new AssignRequested(null, TripActor.Ops, ""));
        Assert.Equal((TripState.Searching, RemovalReason.Reassigned), (_world.Trip.State, _world.Trip.Events[^1].Removal));
        Assert.Equal(DriverWork.Idle, PlanOf("d1").Work);
    }

    [Fact]
    public void A_lost_driver_is_replaced_before_the_pick_up_and_flagged_after_it()
    {
        _world.Assign();
        _world.Do(new DriverGone("d1", RemovalReason.Lost));
        Assert.Equal(TripState.Searching, _world.Trip.State);

        _world.Offer("d2");
        _world.Do(new OfferAnswered("d2", _world.Trip.Offers[^1].Id, true));
        _world.Step(WaypointStep.Arrived, "d2");
        _world.Step(WaypointStep.Done, "d2");
        _world.Do(new DriverGone("d2", RemovalReason.Lost));
        Assert.Equal((TripState.InProgress, _world.Now), (_world.Trip.State, _world.Trip.DriverLostSince));
        Assert.Equal(RefusalReason.WrongState, _world.Refuse(new DriverGone("d2", RemovalReason.Lost)).Reason);
        _world.Do(new DriverBack("d2"));
        Assert.Null(_world.Trip.DriverLostSince);
    }

    [Fact]
    public void A_blocked_driver_is_offered_nothing_and_cannot_be_available()
    {
        _world.Do(new AvailabilityChosen("d1", DriverAvailability.Paused, true));
        _world.Do(new BlockRequested("d1", "papers"));
        _world.Do(TripWorld.Ride());

        Assert.Equal(RefusalReason.DriverBlocked, _world.Refuse(new AvailabilityChosen("d1", DriverAvailability.Available, true)).Reason);
        Assert.Contains("Blocked", _world.Refuse(new AssignRequested("d1", TripActor.Ops, "")).Message);
        _world.Do(new BlockRequested("d1", null));
        _world.Offer("d1");
    }

    [Fact]
    public void A_driver_who_was_blocked_meanwhile_cannot_take_what_was_offered_before()
    {
        _world.Do(TripWorld.Ride());
        _world.Offer("d1");
        _world.Do(new BlockRequested("d1", "papers"));

        Assert.Equal(RefusalReason.DriverBlocked, _world.Refuse(new OfferAnswered("d1", _world.Trip.Offers[^1].Id, true)).Reason);
        _world.Do(new OfferAnswered("d1", _world.Trip.Offers[^1].Id, false));
        Assert.Empty(_world.Trip.Offers);
    }
}
