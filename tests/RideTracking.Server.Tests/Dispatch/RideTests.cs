using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using DriverWork = RideTracking.Engine.Index.DriverWork;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>Rides from the request to their ends.</summary>
public sealed class RideTests
{
    [Fact]
    public async Task A_ride_goes_from_the_request_to_completed_and_the_rider_sees_all_of_it()
    {
        await using var world = await RideWorld.StartAsync();
        await world.EnterRiderAsync("r1", "Ana", "+351 900", "wheelchair");
        var near = await world.DriverAsync("d1", steps: 1);
        var far = await world.DriverAsync("d2", steps: 5);

        var trip = await world.RequestAsync(stops: 1);
        Assert.StartsWith("default.", trip.TripId);
        using var watch = world.Watch(trip.TripId);
        var offer = await near.NextOfferAsync();
        Assert.Equal(111, offer.PickupDistanceMeters, 1.0);
        Assert.Equal(trip.TripId, offer.TripId);
        Assert.Equal(TimeSpan.FromSeconds(15), offer.DecisionWindow.ToTimeSpan());
        Assert.Empty(await far.WaitingAsync());

        var accepted = await near.ReplyAsync(offer.OfferId, accepted: true);
        Assert.Equal((0, 3ul), (accepted.Status.Code, accepted.TripVersion));
        var assigned = (await near.NextAsync()).TripAssigned;
        Assert.Equal(("Ana", "+351 900", "blue door"), (assigned.Passenger.DisplayName, assigned.Passenger.Phone, assigned.Passenger.Note));
        Assert.Equal(["wheelchair"], assigned.Passenger.AccessibilityNeeds);
        var route = (await near.NextAsync()).RouteChanged;
        Assert.Equal((3, RouteSource.StraightLine), (route.Waypoints.Count, route.Route.Source));

        var seen = await watch.UntilStateAsync(TripState.Assigned);
        Assert.Equal(("d1", "Driver d1", 4.5, "white Prius", "AA-00-d1"), (seen.Driver.DriverId, seen.Driver.DisplayName, seen.Driver.Rating, seen.Driver.VehicleDescription, seen.Driver.LicensePlate));
        world.Time.Advance(TimeSpan.FromSeconds(3));
        near.Move(RideWorld.North(0));
        var position = (await watch.UntilAsync(r => r.Position?.Location.Latitude == RideWorld.Porto.LatitudeDegrees)).Position;
        Assert.Equal((90.0, false), (position.CourseDegrees, position.HasSpeedMetersPerSecond));
        Assert.Equal(TimeSpan.Zero, position.Age.ToTimeSpan());

        foreach (var waypoint in trip.Waypoints)
        {
            Assert.Equal(0, (await near.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Arrived)).Status.Code);
            Assert.Equal(0, (await near.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Done)).Status.Code);
        }

        var over = await watch.UntilStateAsync(TripState.Completed);
        await watch.EndAsync();
        Assert.Equal(Enumerable.Range(1, (int)over.Version).Select(v => (ulong)v), over.Events.Select(e => e.Version));
        // What was promised stands beside what came true.
        var after = await world.GetAsync(trip.TripId);
        Assert.NotEmpty(after.Promised);
        Assert.All(after.Promised, promised => Assert.Equal(after.Waypoints.Single(w => w.WaypointId == promised.WaypointId).ArrivedAt, promised.CameTrueAt));
        Assert.All(after.Waypoints, waypoint => Assert.NotNull(waypoint.ArrivedAt));
        Assert.Equal(DriverWork.Idle, world.Book.PlanOf("d1").Work);
        Assert.Equal(TripState.Completed, (await world.GetAsync(trip.TripId)).State);
        Assert.Equal(
            [Command.CommandOneofCase.TripRemoved, Command.CommandOneofCase.RouteChanged],
            (await near.WaitingAsync()).Select(c => c.CommandCase));
        // Before it was taken nobody was told who was asked.
        Assert.Equal("", over.Events.Single(e => e.Kind == TripEventKind.Offered).DriverId);
        Assert.Equal("d1", over.Events.Single(e => e.Kind == TripEventKind.Assigned).DriverId);
    }

    [Fact]
    public async Task Who_declines_or_does_not_answer_is_passed_over_for_the_next_driver()
    {
        await using var world = await RideWorld.StartAsync();
        var declines = await world.DriverAsync("d1", steps: 1);
        var sleeps = await world.DriverAsync("d2", steps: 2);
        var takes = await world.DriverAsync("d3", steps: 3);
        var trip = await world.RequestAsync();

        Assert.Equal(0, (await declines.ReplyAsync((await declines.NextOfferAsync()).OfferId, accepted: false)).Status.Code);
        var missed = await sleeps.NextOfferAsync();
        await sleeps.AcknowledgeReceivedAsync();
        world.Time.Advance(TimeSpan.FromSeconds(16));
        var withdrawn = (await sleeps.NextAsync()).OfferWithdrawn;
        Assert.Equal((missed.OfferId, OfferOutcome.TimedOut), (withdrawn.OfferId, withdrawn.Outcome));
        await takes.AcceptNextAsync();

        var now = await world.GetAsync(trip.TripId);
        Assert.Equal((TripState.Assigned, "d3"), (now.State, now.Driver.DriverId));
        var late = await sleeps.ReplyAsync(missed.OfferId, accepted: true);
        Assert.Equal(("OFFER_CLOSED", (int)Code.FailedPrecondition), (Reason(late), late.Status.Code));
    }

    [Fact]
    public async Task Whose_phone_never_got_an_offer_is_not_blamed_for_it()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        using var watch = world.Watch(trip.TripId);
        var missed = await driver.NextOfferAsync();

        world.Time.Advance(TimeSpan.FromSeconds(16));
        var withdrawn = (await driver.NextAsync()).OfferWithdrawn;

        Assert.Equal((missed.OfferId, OfferOutcome.Undelivered), (withdrawn.OfferId, withdrawn.Outcome));
        // The store may tell the phone before this node has taken in its own commit.
        await watch.UntilAsync(r => r.Trip?.Events.Any(e => e.Kind == TripEventKind.OfferUndelivered) == true);
    }

    [Fact]
    public async Task Without_a_driver_the_trip_ends_unfulfilled_and_its_watcher_is_told()
    {
        await using var world = await RideWorld.StartAsync();
        await world.DriverAsync("busy", available: false);
        await world.DriverAsync("far", steps: 200);
        var trip = await world.RequestAsync();
        using var watch = world.Watch(trip.TripId);
        await watch.UntilStateAsync(TripState.Searching);

        world.Time.Advance(TimeSpan.FromMinutes(5));

        await watch.UntilStateAsync(TripState.Unfulfilled);
        await watch.EndAsync();
    }

    [Fact]
    public async Task A_driver_whose_fix_is_old_or_whose_app_is_not_heard_is_not_asked()
    {
        await using var world = await RideWorld.StartAsync();
        var old = await world.DriverAsync("old", steps: 1);
        world.Time.Advance(TimeSpan.FromMinutes(3));
        var fresh = await world.DriverAsync("fresh", steps: 9);

        await world.RequestAsync();

        await fresh.NextOfferAsync();
        Assert.Empty(await old.WaitingAsync());
    }

    [Fact]
    public async Task A_rider_cancels_and_the_driver_is_told_to_forget_the_passenger()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();

        var cancelled = await world.CancelAsync(trip.TripId, "sorry");

        Assert.Equal((TripState.Cancelled, TripActor.Rider, "sorry"), (cancelled.State, cancelled.Cancellation.Actor, cancelled.Cancellation.Note));
        Assert.Equal(CancellationReason.ChangedMind, (await driver.NextAsync()).TripRemoved.Cancellation.Reason);
        var route = (await driver.NextAsync()).RouteChanged;
        Assert.Equal((0, RouteChangeReason.TripEnded), (route.Waypoints.Count, route.Reason));
        // An app that had not acknowledged the passenger never learns of them again.
        Assert.DoesNotContain(await driver.WaitingAsync(), c => c.CommandCase is Command.CommandOneofCase.TripAssigned or Command.CommandOneofCase.TripOffer);
        var again = await Assert.ThrowsAsync<RpcException>(() => world.CancelAsync(trip.TripId));
        Assert.Equal(StatusCode.FailedPrecondition, again.StatusCode);
    }

    [Fact]
    public async Task Cancelling_while_a_driver_is_asked_withdraws_the_offer()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        var offer = await driver.NextOfferAsync();

        await world.CancelAsync(trip.TripId);

        Assert.Equal((offer.OfferId, OfferOutcome.Withdrawn), ((await driver.NextAsync()).OfferWithdrawn is var w ? w.OfferId : "", w.Outcome));
        Assert.Equal(Command.CommandOneofCase.OfferWithdrawn, Assert.Single(await driver.WaitingAsync()).CommandCase);
        Assert.Equal(DriverWork.Idle, world.Book.PlanOf("d1").Work);
    }

    [Fact]
    public async Task A_driver_gives_a_trip_up()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();

        Assert.Equal(0, (await driver.CancelAsync(trip.TripId)).Status.Code);

        var seen = await world.GetAsync(trip.TripId);
        Assert.Equal(TripState.Searching, seen.State);
        var left = seen.Events[^1];
        Assert.Equal((TripEventKind.DriverRemoved, TripActor.Driver, RemovalReason.GivenUp, "flat tyre"), (left.Kind, left.Actor, left.RemovalReason, left.Note));
    }

    [Fact]
    public async Task New_waypoints_push_a_new_way_to_the_driver()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();
        trip = await world.GetAsync(trip.TripId);
        var update = new UpdateWaypointsRequest { TripId = trip.TripId, ExpectedVersion = trip.Version };
        update.Waypoints.Add([trip.Waypoints[0], RideWorld.Waypoint(WaypointKind.Stop, 30), trip.Waypoints[1]]);

        var updated = await world.UpdateAsync(update);

        Assert.Equal(3, updated.Waypoints.Count);
        Assert.True(updated.Route.Version > trip.Route.Version);
        var route = (await driver.NextAsync()).RouteChanged;
        Assert.Equal((3, RouteChangeReason.WaypointsUpdated), (route.Waypoints.Count, route.Reason));
        Assert.Single(await driver.WaitingAsync(), c => c.CommandCase == Command.CommandOneofCase.RouteChanged);

        var stale = await Assert.ThrowsAsync<RpcException>(() => world.UpdateAsync(update));
        Assert.Equal(StatusCode.Aborted, stale.StatusCode);
        Assert.Equal("TRIP_VERSION", stale.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
    }

    [Fact]
    public async Task The_polyline_is_sent_once_for_each_version_of_the_route()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        using var watch = world.Watch(trip.TripId);
        await driver.AcceptNextAsync();
        var first = (await watch.UntilAsync(r => r.Trip?.State == TripState.Assigned)).Trip;
        await driver.ProgressAsync(trip.TripId, trip.Waypoints[0].WaypointId, WaypointStep.Heading);
        var second = (await watch.UntilAsync(r => r.Trip?.State == TripState.EnRouteToPickup)).Trip;

        Assert.NotEmpty(first.Route.EncodedPolyline);
        Assert.Equal((first.Route.Version, ""), (second.Route.Version, second.Route.EncodedPolyline));
        Assert.NotEmpty((await world.GetAsync(trip.TripId)).Route.EncodedPolyline);
    }

    [Fact]
    public async Task Two_riders_who_ask_at_once_never_share_a_driver()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");

        var trips = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => world.RequestAsync($"q{i}", $"r{i}")));

        var taken = await driver.AcceptNextAsync();
        var now = await Task.WhenAll(trips.Select(t => world.GetAsync(t.TripId)));
        Assert.Equal(taken, Assert.Single(now, t => t.State == TripState.Assigned).TripId);
        Assert.All(now.Where(t => t.TripId != taken), t => Assert.Equal(TripState.Searching, t.State));
        Assert.DoesNotContain(await driver.WaitingAsync(), c => c.CommandCase == Command.CommandOneofCase.TripOffer);
    }

    [Fact]
    public async Task A_trip_that_lasts_too_long_is_ended_by_the_system()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Trips:MaxDuration", "00:30:00"]);
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();
        using var watch = world.Watch(trip.TripId);

        world.Time.Advance(TimeSpan.FromMinutes(30));

        var ended = await watch.UntilStateAsync(TripState.Cancelled);
        Assert.Equal((TripActor.System, CancellationReason.TooLong), (ended.Cancellation.Actor, ended.Cancellation.Reason));
        Assert.Equal(DriverWork.Idle, world.Book.PlanOf("d1").Work);
    }

    [Fact]
    public async Task Everything_goes_on_where_it_was_when_the_server_starts_again()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        var time = new WatchedTime(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        string riding, searching;
        await using (var first = await RideWorld.StartAsync(redis, time))
        {
            riding = (await first.RequestAsync("q1")).TripId;
            var driver = await first.DriverAsync("d1");
            Assert.Equal(riding, await driver.AcceptNextAsync());
            searching = (await first.RequestAsync("q2")).TripId;
        }

        await using var second = await RideWorld.StartAsync(redis, time);
        Assert.Equal(DriverWork.ToPickup, second.Book.PlanOf("d1").Work);
        var again = await second.DriverAsync("d1");
        var waiting = await again.WaitingAsync();
        Assert.Equal([Command.CommandOneofCase.TripAssigned, Command.CommandOneofCase.RouteChanged], waiting.Select(c => c.CommandCase));
        var other = await second.DriverAsync("d2");
        Assert.Equal(searching, await other.AcceptNextAsync());
        var trip = await second.GetAsync(riding);
        Assert.Equal(0, (await again.ProgressAsync(riding, trip.Waypoints[0].WaypointId, WaypointStep.Arrived)).Status.Code);
        // The same request finds the same trip, also after a restart.
        Assert.Equal(riding, (await second.RequestAsync("q1")).TripId);
    }

    [Fact]
    public async Task While_Redis_is_away_new_trips_are_refused_with_a_time_to_retry_and_the_rest_goes_on_after()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Trips:OfferWindow", "00:05:00"]);
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        var offer = await driver.NextOfferAsync();
        world.Redis.Kill();

        var refused = await Assert.ThrowsAsync<RpcException>(() => world.RequestAsync("q2"));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.True(refused.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        Assert.Equal(TripState.Searching, (await world.GetAsync(trip.TripId)).State);

        // An action that found no store tries again after a second.
        var answer = driver.ReplyAsync(offer.OfferId, accepted: true);
        await world.Time.AsleepAsync(TimeSpan.FromSeconds(1));
        await world.Host.StoreGoneAsync();
        await world.Redis.StartAgainAsync();
        await world.Host.StoreBackAsync();
        world.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, (await answer).Status.Code);
        Assert.Equal(TripState.Assigned, (await world.GetAsync(trip.TripId)).State);
        Assert.Equal(TripState.Searching, (await world.RequestAsync("q2")).State);
    }

    internal static string Reason(ActionResult result) => result.Status.Details.Single(d => d.Is(ErrorInfo.Descriptor)).Unpack<ErrorInfo>().Reason;
}
