using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using DriverAvailability = RideTracking.V1.DriverAvailability;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>What can become of a trip beside the plain ride, over gRPC and on both stores.</summary>
public sealed class TripLifeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_trip_for_later_waits_and_is_then_offered(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var request = RideWorld.Ride();
        var pickupAt = world.Time.GetUtcNow().AddHours(1);
        request.Terms = new TripTerms { ScheduledFor = pickupAt.ToTimestamp(), ExternalId = "E-7", Metadata = { ["channel"] = "hotel" } };
        var trip = (await world.Riders.RequestTripAsync(request, world.Service, cancellationToken: Cancel)).Trip;
        Assert.Equal((TripState.Scheduled, "E-7", "hotel"), (trip.State, trip.Terms.ExternalId, trip.Terms.Metadata["channel"]));

        world.Time.Advance(TimeSpan.FromMinutes(44));
        driver.Move(RideWorld.North(1));
        Assert.Equal(TripState.Scheduled, (await world.GetAsync(trip.TripId)).State);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(trip.TripId, (await driver.NextOfferAsync()).TripId);

        // A stream that looks by itself reads the offer from the store before the server has heard that it was committed.
        await ServerHost.UntilAsync(async () => (await world.GetAsync(trip.TripId)).Events.Count == 3);
        var events = (await world.GetAsync(trip.TripId)).Events.Select(e => e.Kind);
        Assert.Equal([TripEventKind.Requested, TripEventKind.SearchStarted, TripEventKind.Offered], events);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task The_company_asks_gives_and_takes_in_the_riders_place(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var one = await world.DriverAsync("d1", available: false);
        await one.SetAsync(DriverAvailability.Paused);
        var two = await world.DriverAsync("d2", available: false);
        await two.SetAsync(DriverAvailability.Paused);
        var ride = RideWorld.Ride();
        var request = new DispatchServiceRequestTripRequest { RequestId = "c1", RiderId = "r1", PartySize = 1, Waypoints = { ride.Waypoints } };
        var trip = (await world.Dispatch.RequestTripAsync(request, world.Service, cancellationToken: Cancel)).Trip;
        Assert.Equal(trip.TripId, (await world.Dispatch.RequestTripAsync(request, world.Service, cancellationToken: Cancel)).Trip.TripId);
        Assert.Equal(TripActor.Service, trip.Events[0].Actor);

        var assign = new AssignTripRequest { TripId = trip.TripId, DriverId = "d1", Note = "he knows the way" };
        var ops = world.Host.TokenOf(Role.Ops, "ops");
        var given = (await world.Dispatch.AssignTripAsync(assign, ops, cancellationToken: Cancel)).Trip;
        Assert.Equal((TripState.Assigned, "d1", TripActor.Ops, "he knows the way"), (given.State, given.Driver.DriverId, given.Events[^1].Actor, given.Events[^1].Note));
        Assert.Equal(Command.CommandOneofCase.TripAssigned, (await one.NextAsync()).CommandCase);
        Assert.Equal(
            (StatusCode.FailedPrecondition, "TRIP_STATE"), await RefusedAsync(() => world.Dispatch.AssignTripAsync(assign, ops, cancellationToken: Cancel)));

        var taken = await world.Dispatch.ReassignTripAsync(new ReassignTripRequest { TripId = trip.TripId, DriverId = "d2" }, ops, cancellationToken: Cancel);
        Assert.Equal("d2", taken.Trip.Driver.DriverId);
        Assert.Equal(TripState.Assigned, (await one.NextAsync(Command.CommandOneofCase.TripRemoved)).TripRemoved.State);

        var updated = await world.Dispatch.UpdateWaypointsAsync(
            new DispatchServiceUpdateWaypointsRequest
            {
                TripId = trip.TripId,
                ExpectedVersion = taken.Trip.Version,
                Waypoints = { taken.Trip.Waypoints[0], RideWorld.Waypoint(WaypointKind.Stop, 20), taken.Trip.Waypoints[1] },
            },
            ops, cancellationToken: Cancel);
        Assert.Equal(3, updated.Trip.Waypoints.Count);
        Assert.Equal(3, updated.Trip.Route.Legs.Count);

        var ended = await world.Dispatch.CancelTripAsync(
            new DispatchServiceCancelTripRequest { TripId = trip.TripId, Reason = CancellationReason.Other, Note = "storm" }, ops, cancellationToken: Cancel);
        Assert.Equal((TripState.Cancelled, TripActor.Ops), (ended.Trip.State, ended.Trip.Cancellation.Actor));
    }

    [Fact]
    public async Task What_cannot_be_given_says_why()
    {
        await using var world = await RideWorld.StartAsync();
        await world.DriverAsync("d1", available: false);
        var trip = await world.RequestAsync();

        Assert.Equal((StatusCode.FailedPrecondition, "DRIVER_NOT_IN_DIRECTORY"), await AssignAsync(trip.TripId, "nobody"));
        Assert.Equal((StatusCode.FailedPrecondition, "DRIVER_NOT_FREE"), await AssignAsync(trip.TripId, "d1"));
        Assert.Equal((StatusCode.NotFound, "TRIP_NOT_FOUND"), await AssignAsync("default.none", "d1"));
        Assert.Equal((StatusCode.FailedPrecondition, "TRIP_STATE"), await ReassignAsync(trip.TripId));
        await world.CancelAsync(trip.TripId);
        Assert.Equal((StatusCode.FailedPrecondition, "TRIP_STATE"), await AssignAsync(trip.TripId, "d1"));
        Assert.Equal((StatusCode.FailedPrecondition, "TRIP_STATE"), await ReassignAsync(trip.TripId));

        Task<(StatusCode, string)> AssignAsync(string tripId, string driverId) => RefusedAsync(
            () => world.Dispatch.AssignTripAsync(new AssignTripRequest { TripId = tripId, DriverId = driverId }, world.Service, cancellationToken: Cancel));
        Task<(StatusCode, string)> ReassignAsync(string tripId) => RefusedAsync(
            () => world.Dispatch.ReassignTripAsync(new ReassignTripRequest { TripId = tripId }, world.Service, cancellationToken: Cancel));
    }

    [Theory]
    [InlineData("terms.scheduled_for")]
    [InlineData("terms.can_share")]
    [InlineData("terms.fare_estimate.currency_code")]
    [InlineData("terms.external_id")]
    public async Task What_is_wrong_with_the_terms_is_named(string field)
    {
        await using var world = await RideWorld.StartAsync();
        var request = RideWorld.Ride(stops: 1);
        request.Terms = field switch
        {
            "terms.scheduled_for" => new TripTerms { ScheduledFor = world.Time.GetUtcNow().AddDays(31).ToTimestamp() },
            "terms.can_share" => new TripTerms { CanShare = true },
            "terms.external_id" => new TripTerms { ExternalId = new string('x', 65) },
            _ => new TripTerms { FareEstimate = new Google.Type.Money { CurrencyCode = "euro", Units = 5 } },
        };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await world.Riders.RequestTripAsync(request, world.Service, cancellationToken: Cancel));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(field, Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task The_riders_code_opens_the_ride_and_is_the_riders_alone(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var request = RideWorld.Ride();
        request.Terms = new TripTerms { PickupCodeRequired = true };
        var trip = (await world.Riders.RequestTripAsync(request, world.Service, cancellationToken: Cancel)).Trip;
        Assert.Matches("^[0-9]{4}$", trip.PickupCode);
        Assert.Equal("", (await world.Dispatch.GetTripAsync(new DispatchServiceGetTripRequest { TripId = trip.TripId }, world.Service, cancellationToken: Cancel)).Trip.PickupCode);
        await driver.AcceptNextAsync();
        await driver.ProgressAsync(trip.TripId, trip.Waypoints[0].WaypointId, WaypointStep.Arrived);

        var refused = await driver.ProgressAsync(trip.TripId, trip.Waypoints[0].WaypointId, WaypointStep.Done);
        Assert.Equal("WRONG_PICKUP_CODE", RideTests.Reason(refused));
        var begun = await driver.ProgressAsync(trip.TripId, trip.Waypoints[0].WaypointId, WaypointStep.Done, trip.PickupCode);
        Assert.Equal(0, begun.Status.Code);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_driver_who_is_gone_for_too_long_is_replaced(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();
        await driver.SetLinkAsync(Engine.Index.DriverLink.Lost);

        using var watch = world.Watch(trip.TripId);
        await world.Host.PassAsync<LostDrivers>(TimeSpan.FromMinutes(2));
        Assert.Equal(TripState.Assigned, (await world.GetAsync(trip.TripId)).State);
        await world.Host.PassAsync<LostDrivers>(TimeSpan.FromSeconds(1));
        var seen = (await watch.UntilAsync(r => r.Trip?.Events[^1].Kind == TripEventKind.DriverRemoved)).Trip;
        Assert.Equal((TripState.Searching, RemovalReason.Lost, TripActor.System), (seen.State, seen.Events[^1].RemovalReason, seen.Events[^1].Actor));
        var left = seen.Events[^1].RecordedAt.ToDateTimeOffset() - seen.Events.Single(e => e.Kind == TripEventKind.Assigned).RecordedAt.ToDateTimeOffset();
        Assert.True(left > TimeSpan.FromMinutes(2));
        Assert.Equal(Engine.Index.DriverWork.Idle, world.Book.PlanOf("d1").Work);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_blocked_driver_is_cut_off_and_its_trip_goes_on_without(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        await driver.AcceptNextAsync();
        await using var phone = await DriverPhone.ConnectAsync(world.Host, "d1");

        await world.Dispatch.BlockDriverAsync(new BlockDriverRequest { DriverId = "d1", Reason = "papers" }, world.Service, cancellationToken: Cancel);

        var last = (await phone.ReadUntilAsync(m => m.StreamClosing is not null)).StreamClosing;
        Assert.Equal((StreamClosingReason.Blocked, false), (last.Reason, last.MayReconnect));
        var end = await phone.ReadFailureAsync();
        Assert.Equal((StatusCode.PermissionDenied, "DRIVER_BLOCKED"), (end.StatusCode, Reason(end)));
        await using var again = DriverPhone.Dial(world.Host, "d1");
        await again.SendAsync(new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = "d1", SessionId = "s1" } });
        Assert.Equal("DRIVER_BLOCKED", Reason(await again.ReadFailureAsync()));

        using var watch = world.Watch(trip.TripId);
        await world.Host.PassAsync<LostDrivers>(TimeSpan.FromSeconds(1));
        Assert.Equal(TripState.Searching, (await watch.UntilAsync(r => r.Trip?.Events[^1].RemovalReason == RemovalReason.Blocked)).Trip.State);
        await world.Dispatch.UnblockDriverAsync(new UnblockDriverRequest { DriverId = "d1" }, world.Service, cancellationToken: Cancel);
        await using var back = await DriverPhone.ConnectAsync(world.Host, "d1");
    }

    [Fact]
    public async Task The_next_riders_trip_shows_nothing_of_the_one_before_it()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var first = await world.RequestAsync();
        await driver.AcceptNextAsync();
        await driver.ProgressAsync(first.TripId, first.Waypoints[0].WaypointId, WaypointStep.Arrived);
        await driver.ProgressAsync(first.TripId, first.Waypoints[0].WaypointId, WaypointStep.Done);
        var second = await world.RequestAsync("q2", "r2");

        var given = (await world.Dispatch.AssignTripAsync(
            new AssignTripRequest { TripId = second.TripId, DriverId = "d1" }, world.Service, cancellationToken: Cancel)).Trip;
        Assert.True(given.DriverFinishesOtherTrip);
        Assert.Null(given.Route);
        Assert.All(given.Waypoints, w => Assert.NotNull(w.EstimatedArrival));
        Assert.False((await world.GetAsync(first.TripId)).DriverFinishesOtherTrip);
        Assert.Equal([first.Waypoints[1].WaypointId], (await world.GetAsync(first.TripId)).Route.Legs.Select(l => l.WaypointId));

        await driver.ProgressAsync(first.TripId, first.Waypoints[1].WaypointId, WaypointStep.Arrived);
        await driver.ProgressAsync(first.TripId, first.Waypoints[1].WaypointId, WaypointStep.Done);
        var now = await world.GetAsync(second.TripId);
        Assert.False(now.DriverFinishesOtherTrip);
        Assert.Equal(second.Waypoints.Select(w => w.WaypointId), now.Route.Legs.Select(l => l.WaypointId));
    }

    [Fact]
    public async Task A_line_goes_down_a_stream_once()
    {
        await using var world = await RideWorld.StartAsync();
        await world.DriverAsync("d1");
        await using var phone = await DriverPhone.ConnectAsync(world.Host, "d1");
        var trip = await world.RequestAsync();
        var offer = (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer;
        await phone.SendAsync(new ConnectRequest { Action = new DriverAction { ActionId = "yes", OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true } } });
        var told = (await phone.ReadUntilAsync(m => m.Command?.RouteChanged is not null)).Command.RouteChanged;
        Assert.NotEmpty(told.Route.EncodedPolyline);

        // Another name for the same place: the way stays, the stops are told.
        var asked = await world.GetAsync(trip.TripId);
        asked.Waypoints[1].Label = "back door";
        await world.UpdateAsync(new UpdateWaypointsRequest { TripId = trip.TripId, ExpectedVersion = asked.Version, Waypoints = { asked.Waypoints } });

        var again = (await phone.ReadUntilAsync(m => m.Command?.RouteChanged is not null)).Command.RouteChanged;
        Assert.Equal(told.Route.Version, again.Route.Version);
        Assert.Equal(("", "back door"), (again.Route.EncodedPolyline, again.Waypoints[1].Label));
        Assert.True(again.RoutePlanVersion > told.RoutePlanVersion);
        await using var other = await DriverPhone.ConnectAsync(world.Host, "d1", "s2");
        Assert.Equal(told.Route.EncodedPolyline, other.Welcome.RoutePlan.Route.EncodedPolyline);
    }

    private static async Task<(StatusCode Status, string Reason)> RefusedAsync<T>(Func<AsyncUnaryCall<T>> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await call());
        return (refused.StatusCode, Reason(refused));
    }

    private static string Reason(RpcException refused) => refused.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason ?? "";
}
