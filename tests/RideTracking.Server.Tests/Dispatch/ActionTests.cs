using Google.Rpc;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Drivers;
using RideTracking.Server.Outbox;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>Drivers' actions are answered once and for all.</summary>
public sealed class ActionTests
{
    [Fact]
    public async Task A_repeat_gets_the_same_answer_and_another_body_is_refused()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        var offer = await driver.NextOfferAsync();
        var action = driver.Action();
        action.OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true };

        var first = await driver.ActAsync(action);
        var waiting = (await driver.WaitingAsync()).Count;
        Assert.Equal(first, await driver.ActAsync(action));
        Assert.Equal(waiting, (await driver.WaitingAsync()).Count);
        Assert.Equal(3ul, (await world.GetAsync(trip.TripId)).Version);

        action.OfferReply.Accepted = false;
        var other = await driver.ActAsync(action);
        Assert.Equal(((int)Code.AlreadyExists, "ACTION_ID_REUSED"), (other.Status.Code, RideTests.Reason(other)));
    }

    [Fact]
    public async Task An_action_is_the_drivers_own_however_its_id_and_theirs_are_cut()
    {
        await using var world = await RideWorld.StartAsync();
        await using var first = await DriverPhone.ConnectAsync(world.Host, "k");
        await using var second = await DriverPhone.ConnectAsync(world.Host, "k:1");

        Assert.Equal(0, await SetAsync(first, "1:go", V1.DriverAvailability.Paused));
        Assert.Equal(0, await SetAsync(second, "go", V1.DriverAvailability.Offline));
        Assert.Equal(0, await SetAsync(first, "1:go", V1.DriverAvailability.Paused));

        static async Task<int> SetAsync(DriverPhone phone, string actionId, V1.DriverAvailability availability)
        {
            var action = new DriverAction { ActionId = actionId, SetAvailability = new SetAvailability { Availability = availability } };
            await phone.SendAsync(new ConnectRequest { Action = action });
            return (await phone.ReadUntilAsync(m => m.ActionResult is not null)).ActionResult.Status.Code;
        }
    }

    [Fact]
    public async Task A_refusal_is_remembered_too()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();
        var done = driver.Action();
        done.TripProgress = new TripProgress { TripId = trip.TripId, WaypointId = trip.Waypoints[0].WaypointId, Step = WaypointStep.Done };

        var tooEarly = await driver.ActAsync(done);
        Assert.Equal(((int)Code.FailedPrecondition, "WAYPOINT_STATE"), (tooEarly.Status.Code, RideTests.Reason(tooEarly)));
        await driver.ProgressAsync(trip.TripId, trip.Waypoints[0].WaypointId, WaypointStep.Arrived);
        Assert.Equal(tooEarly, await driver.ActAsync(done));
    }

    [Fact]
    public async Task An_answer_to_somebody_elses_offer_is_not_found_and_changes_nothing()
    {
        await using var world = await RideWorld.StartAsync();
        var asked = await world.DriverAsync("d1", steps: 1);
        var other = await world.DriverAsync("d2", steps: 2);
        await world.RequestAsync();
        var offer = await asked.NextOfferAsync();

        var foreign = await other.ReplyAsync(offer.OfferId, accepted: true);
        var unknown = await other.ReplyAsync("default.nothing.o1", accepted: true);
        var nonsense = await other.ReplyAsync("}{*:", accepted: true);

        Assert.All([foreign, unknown, nonsense], r => Assert.Equal(((int)Code.NotFound, "OFFER_NOT_FOUND"), (r.Status.Code, RideTests.Reason(r))));
        Assert.Equal(0, (await asked.ReplyAsync(offer.OfferId, accepted: true)).Status.Code);
    }

    [Fact]
    public async Task A_connection_that_was_taken_over_can_neither_act_nor_acknowledge()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        await world.RequestAsync();
        var offer = await driver.NextOfferAsync();
        var reply = driver.Action();
        reply.OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true };
        var old = driver.Claim;
        await driver.ClaimAsync();

        var desk = world.Host.City.GetRequiredService<DriverDesk>();
        var refused = await desk.ActAsync("d1", old, reply, world.Time.GetUtcNow(), TestContext.Current.CancellationToken);
        Assert.Equal(((int)Code.Aborted, "TAKEN_OVER"), (refused!.Status.Code, RideTests.Reason(refused)));
        var outbox = world.Host.City.GetRequiredService<CommandOutbox>();
        Assert.Equal(driver.Claim, await outbox.AcknowledgeAsync("d1", old, 99));
        Assert.Single(await driver.WaitingAsync());

        // The connection that took over sends the same action and is heard.
        Assert.Equal(0, (await driver.ActAsync(reply)).Status.Code);
    }

    [Fact]
    public async Task Commands_are_kept_in_order_until_acknowledged_superseded_or_expired()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();
        var waiting = await driver.WaitingAsync();
        var (assigned, route) = (waiting[0].Sequence, waiting[1].Sequence);
        Assert.Equal(route, assigned + 1);
        Assert.True(assigned >= (ulong)world.Time.GetUtcNow().ToUnixTimeMilliseconds());

        await driver.ProgressAsync(trip.TripId, trip.Waypoints[0].WaypointId, WaypointStep.Arrived);
        await driver.ProgressAsync(trip.TripId, trip.Waypoints[0].WaypointId, WaypointStep.Done);
        waiting = await driver.WaitingAsync();
        Assert.Equal(
            [(assigned, Command.CommandOneofCase.TripAssigned), (route + 1, Command.CommandOneofCase.RouteChanged)], waiting.Select(c => (c.Sequence, c.CommandCase)));

        Assert.True(await driver.AcknowledgeAsync(assigned));
        Assert.Equal(route + 1, Assert.Single(await driver.WaitingAsync()).Sequence);
        Assert.True(await driver.AcknowledgeAsync(route + 1));
        Assert.Empty(await driver.WaitingAsync());

        await driver.CancelAsync(trip.TripId);
        Assert.Equal([route + 2, route + 3], (await driver.WaitingAsync()).Select(c => c.Sequence));
        world.Time.Advance(TimeSpan.FromHours(25));
        Assert.Empty(await driver.WaitingAsync());
    }

    [Fact]
    public async Task Only_a_driver_in_the_directory_can_be_available()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1", available: false);
        await world.Directory.DeleteDriverAsync(
            new DeleteDriverRequest { DriverId = "d1" }, world.Service, cancellationToken: TestContext.Current.CancellationToken);

        var refused = await driver.SetAsync(DriverAvailability.Available);
        Assert.Equal(((int)Code.FailedPrecondition, "DRIVER_NOT_IN_DIRECTORY"), (refused.Status.Code, RideTests.Reason(refused)));
        Assert.Equal(0, (await driver.SetAsync(DriverAvailability.Paused)).Status.Code);
    }

    [Fact]
    public async Task A_driver_with_a_trip_cannot_go_offline()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        await world.RequestAsync();
        await driver.AcceptNextAsync();

        Assert.Equal("TRIP_IN_PLAN", RideTests.Reason(await driver.SetAsync(DriverAvailability.Offline)));
        Assert.Equal(0, (await driver.SetAsync(DriverAvailability.LastTrip)).Status.Code);
    }

    [Fact]
    public async Task An_action_that_breaks_a_rule_names_the_field()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");

        await FaultAsync("action.action_id", new DriverAction { ActionId = "no spaces", SetAvailability = new SetAvailability { Availability = DriverAvailability.Paused } });
        await FaultAsync("action.action", new DriverAction { ActionId = "x" });
        await FaultAsync("action.set_availability.availability", new DriverAction { ActionId = "x", SetAvailability = new SetAvailability { Availability = (DriverAvailability)99 } });
        await FaultAsync("action.set_availability.availability", new DriverAction { ActionId = "x", SetAvailability = new SetAvailability() });
        await FaultAsync("action.trip_progress.step", new DriverAction { ActionId = "x", TripProgress = new TripProgress { TripId = "t", WaypointId = "w" } });
        await FaultAsync("action.trip_cancellation.reason", new DriverAction { ActionId = "x", TripCancellation = new TripCancellation { TripId = "t", Reason = CancellationReason.TooLong } });
        var wordy = new TripCancellation { TripId = "t", Reason = CancellationReason.Other, Note = new string('n', 281) };
        await FaultAsync("action.trip_cancellation.note", new DriverAction { ActionId = "x", TripCancellation = wordy });

        async Task FaultAsync(string field, DriverAction action)
        {
            var result = await driver.ActAsync(action);
            Assert.Equal((int)Code.InvalidArgument, result.Status.Code);
            Assert.Equal(field, Assert.Single(result.Status.Details[0].Unpack<BadRequest>().FieldViolations).Field);
        }
    }
}
