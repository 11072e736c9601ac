using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;
using RideTracking.Server.Tests.Zones;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>Two nodes over one Redis: whatever happens through one of them is so on the other.</summary>
public sealed class OnePresentTests : TwoNodes
{
    [Fact]
    public async Task A_trip_that_was_requested_elsewhere_is_driven_here_and_watched_there()
    {
        var driver = await Here.DriverAsync("d1");
        var trip = await Elsewhere.RequestAsync();
        using var watch = Elsewhere.Watch(trip.TripId);

        await driver.AcceptNextAsync();
        Assert.Equal("d1", (await watch.UntilStateAsync(TripState.Assigned)).Driver.DriverId);
        Assert.Equal(TripState.Assigned, (await Elsewhere.GetAsync(trip.TripId)).State);
        foreach (var waypoint in trip.Waypoints)
        {
            await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Arrived);
            await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Done);
        }

        var over = await watch.UntilStateAsync(TripState.Completed);
        await watch.EndAsync();
        Assert.Equal(Enumerable.Range(1, (int)over.Version).Select(v => (ulong)v), over.Events.Select(e => e.Version));
    }

    [Fact]
    public async Task A_trip_that_is_cancelled_elsewhere_frees_its_driver_here()
    {
        var driver = await Here.DriverAsync("d1");
        var trip = await Here.RequestAsync();
        await driver.AcceptNextAsync();

        await Elsewhere.CancelAsync(trip.TripId);

        await ServerHost.UntilAsync(() => Here.Book.PlanOf("d1").Trips.IsEmpty);
        Assert.Equal(TripState.Cancelled, (await Here.GetAsync(trip.TripId)).State);
    }

    [Fact]
    public async Task A_driver_who_is_blocked_elsewhere_loses_the_stream_here()
    {
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");

        await Elsewhere.Dispatch.BlockDriverAsync(
            new BlockDriverRequest { DriverId = "d1", Reason = "papers" }, Elsewhere.Service, cancellationToken: Cancel);

        Assert.Equal(StreamClosingReason.Blocked, (await phone.ReadUntilAsync(m => m.StreamClosing is not null)).StreamClosing.Reason);
    }

    [Fact]
    public async Task A_node_that_comes_later_knows_whose_fixes_follow()
    {
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        await phone.ReadAckAsync(1);

        await using var late = await RideWorld.StartAsync(Redis);
        var fleet = new FleetWorld(late.Host);
        using var map = new FleetReader(fleet.Client().WatchFleet(new WatchFleetRequest { Viewport = FleetWorld.Porto }, fleet.Ops, cancellationToken: Cancel));
        Here.Time.Advance(TimeSpan.FromSeconds(4));
        // The fix names its connection by a number, which the segment has told before.
        await phone.SendAsync(DriverPhone.Batch(Now, 2));

        await map.UntilAsync(r => r.Shown.GetValueOrDefault("d1")?.LatitudeE7 == DriverPhone.StartLatitudeE7 + 2000);
    }

    [Fact]
    public async Task A_driver_who_connects_here_is_on_the_map_elsewhere_moves_there_and_is_lost_there()
    {
        var fleet = new FleetWorld(Elsewhere.Host);
        using var map = new FleetReader(fleet.Client().WatchFleet(new WatchFleetRequest { Viewport = FleetWorld.Porto }, fleet.Ops, cancellationToken: Cancel));
        await using (var phone = await DriverPhone.ConnectAsync(Here.Host, "d1"))
        {
            await phone.SendAsync(DriverPhone.Batch(Now, 1));
            await map.UntilAsync(r => r.Shown.GetValueOrDefault("d1") is { Link: DriverLink.Connected });
            Here.Time.Advance(TimeSpan.FromSeconds(4));
            await phone.SendAsync(DriverPhone.Batch(Now, 2));
            await map.UntilAsync(r => r.Shown["d1"].LatitudeE7 == DriverPhone.StartLatitudeE7 + 2000);
        }

        await map.UntilAsync(r => r.Shown["d1"].Link == DriverLink.Lost);
    }

    [Fact]
    public async Task A_trip_is_offered_to_a_driver_who_is_connected_elsewhere()
    {
        await Here.Directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Ana" } }, Here.Service, cancellationToken: Cancel);
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        await phone.SendAsync(new ConnectRequest { Action = new DriverAction { ActionId = "a", SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } } });
        await ServerHost.UntilAsync(() => Elsewhere.Host.City.GetRequiredService<CityFleet>().TryGet("d1", out var driver) && driver.HasFix && driver.Status.Link == Engine.Index.DriverLink.Connected);

        var trip = await Elsewhere.RequestAsync();

        Assert.Equal(trip.TripId, (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer.TripId);
    }

    [Fact]
    public async Task Who_connects_elsewhere_loses_the_stream_here_and_stays_connected_on_both_maps()
    {
        await using var old = await DriverPhone.ConnectAsync(Here.Host, "d1", "s1", configure: hello => hello.DeviceId = "old");
        await using var now = await DriverPhone.ConnectAsync(Elsewhere.Host, "d1", "s2", configure: hello => hello.DeviceId = "new");

        Assert.Equal(StreamClosingReason.TakenOver, (await old.ReadUntilAsync(m => m.StreamClosing is not null)).StreamClosing.Reason);
        await ServerHost.UntilAsync(() => !Here.Host.City.GetRequiredService<DriverSessions>().Open.Any());
        foreach (var world in new[] { Here, Elsewhere })
        {
            await ServerHost.UntilAsync(() => world.Host.City.GetRequiredService<CityFleet>().IsConnected("d1"));
        }
    }

    [Fact]
    public async Task Who_holds_a_stream_here_reports_nothing_by_calls_elsewhere()
    {
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await ServerHost.UntilAsync(() => Elsewhere.Host.City.GetRequiredService<CityFleet>().IsConnected("d1"));
        var drivers = new DriverService.DriverServiceClient(Elsewhere.Host.Channel());

        var refused = await Assert.ThrowsAsync<RpcException>(() => drivers.ReportLocationsAsync(
            new ReportLocationsRequest { DriverId = "d1", SessionId = "s", Locations = DriverPhone.Batch(Now, 1) }, Elsewhere.Host.TokenOf(Role.Driver, "d1"), cancellationToken: Cancel).ResponseAsync);

        Assert.Equal("STREAM_OPEN", refused.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task A_stream_that_ends_before_its_claim_is_answered_is_lost_on_all_nodes()
    {
        var claims = Here.Host.City.GetRequiredService<ConnectionClaims>();
        var request = new ClaimRequest("d1", "s") { IsStream = true };
        var claiming = new TaskCompletionSource<ConnectionClaim>();
        var ledger = new SessionLedger(null, 64, Here.Host.City.GetRequiredService<StreamServices>().Options.AckPace, Here.Time);

        claims.Ended(new Carrier(request, null, ledger, claiming.Task));
        var claim = await claims.ClaimAsync(request, Cancel);
        await ServerHost.UntilAsync(() => IsConnected(Elsewhere));
        claiming.SetResult(claim);

        await ServerHost.UntilAsync(() => !IsConnected(Elsewhere));
    }

    [Fact]
    public async Task What_a_node_has_claimed_by_its_former_name_is_its_own()
    {
        var claims = Here.Host.City.GetRequiredService<ConnectionClaims>();
        var first = await claims.ClaimAsync(new ClaimRequest("d1", "s"), Cancel);
        await claims.ClaimAsync(new ClaimRequest("d1", "s"), Cancel);
        Here.Host.City.GetRequiredService<LogWriter>().Renew();

        var anew = await claims.ClaimAsync(new ClaimRequest("d1", "s") { Before = first.Claim }, Cancel);

        Assert.Equal(3, anew.Claim.Epoch);
    }

    [Fact]
    public async Task What_a_new_name_claims_is_held_for_a_leases_length_by_the_stores_own_clock()
    {
        // As after a fail-over to another clock, by which the area does not go.
        await Here.Host.PassAsync<NodeLease>(TimeSpan.FromMinutes(3));
        var writer = Here.Host.City.GetRequiredService<LogWriter>();
        writer.Renew();

        await Here.Host.City.GetRequiredService<ConnectionClaims>().ClaimAsync(new ClaimRequest("d1", "s"), Cancel);

        await using var admin = await Redis.ConnectAsync();
        var ends = (long)await admin.GetDatabase().HashGetAsync("rt:{default}:nodes", writer.Id);
        var now = new DateTimeOffset(await admin.GetServers()[0].TimeAsync(), TimeSpan.Zero).ToUnixTimeMilliseconds();
        Assert.InRange(ends, now - 60_000, now + 5_000);
    }

    [Fact]
    public async Task A_node_that_begins_to_serve_knows_who_is_connected_to_the_others()
    {
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");

        await using var late = await RideWorld.StartAsync(Redis);

        Assert.True(late.Host.City.GetRequiredService<CityFleet>().IsConnected("d1"));
    }

    [Fact]
    public async Task The_drivers_of_a_node_that_hangs_are_lost_and_its_own_again_when_it_wakes_up()
    {
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await ServerHost.UntilAsync(() => IsConnected(Elsewhere));
        var before = Here.Host.City.GetRequiredService<LogWriter>().Id;

        var hear = await Here.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        await RunOutAsync(before);
        await Elsewhere.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));
        await ServerHost.UntilAsync(() => !IsConnected(Elsewhere));
        hear();

        // It hears of its end, and claims by another name; the phone notices nothing.
        await ServerHost.UntilAsync(() => IsConnected(Elsewhere));
        Assert.NotEqual(before, Here.Host.City.GetRequiredService<LogWriter>().Id);
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        Assert.Empty(await phone.ReadAckAsync(1));
    }

    [Fact]
    public async Task A_node_that_stops_tells_the_others_that_its_drivers_are_lost()
    {
        var third = await RideWorld.StartAsync(Redis);
        await using var phone = await DriverPhone.ConnectAsync(third.Host, "d1");
        await ServerHost.UntilAsync(() => IsConnected(Elsewhere));

        await third.DisposeAsync();

        await ServerHost.UntilAsync(() => !IsConnected(Elsewhere));
        await using var admin = await Redis.ConnectAsync();
        Assert.Equal(2, (await admin.GetDatabase().HashKeysAsync("rt:{default}:nodes")).Count(name => !name.StartsWith("#")));
    }

    [Fact]
    public async Task After_a_store_that_stalled_nobody_is_judged_before_all_could_come_back()
    {
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await ServerHost.UntilAsync(() => IsConnected(Elsewhere));
        await using var admin = await Redis.ConnectAsync();
        // Nobody was there for a minute.
        await RunOutAsync(Here.Host.City.GetRequiredService<LogWriter>().Id, seenAgo: TimeSpan.FromMinutes(1));

        await Elsewhere.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));
        Assert.True(await admin.GetDatabase().HashExistsAsync("rt:{default}:nodes", Here.Host.City.GetRequiredService<LogWriter>().Id));
        await Here.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));
        await Elsewhere.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));

        Assert.True(IsConnected(Elsewhere));
    }

    [Fact]
    public async Task What_the_company_writes_here_is_known_elsewhere_and_what_it_deletes_is_not()
    {
        var (here, elsewhere) = (Here.Host.Services.GetRequiredService<CompanyDirectory>(), Elsewhere.Host.Services.GetRequiredService<CompanyDirectory>());
        await EnterAsync(Here, "v1", "Ana's");
        await ServerHost.UntilAsync(() => elsewhere.Vehicles.Find("v1")?.Description == "Ana's");

        // Whoever is last is so on both.
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => EnterAsync(i % 2 == 0 ? Here : Elsewhere, "v1", $"Ana's {i}")));
        await EnterAsync(Elsewhere, "v2", "Rui's");
        await ServerHost.UntilAsync(() => here.Vehicles.Find("v2") is not null && elsewhere.Vehicles.Find("v2") is not null);
        Assert.Equal(here.Vehicles.Find("v1"), elsewhere.Vehicles.Find("v1"));

        await Elsewhere.Directory.DeleteVehicleAsync(new DeleteVehicleRequest { VehicleId = "v1" }, Elsewhere.Service, cancellationToken: Cancel);
        await ServerHost.UntilAsync(() => here.Vehicles.Find("v1") is null);

        static async Task EnterAsync(RideWorld world, string id, string description) => await world.Directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = id, Description = description, Seats = 4 } }, world.Service, cancellationToken: Cancel);
    }

    [Fact]
    public async Task A_rider_is_known_elsewhere_with_the_answer()
    {
        await Here.EnterRiderAsync("r1", "Ana", "+351 900");
        Assert.Equal("Ana", (await Elsewhere.Directory.GetRiderAsync(new GetRiderRequest { RiderId = "r1" }, Elsewhere.Service, cancellationToken: Cancel)).Rider.DisplayName);

        var driver = await Here.DriverAsync("d1");
        await Elsewhere.EnterRiderAsync("r1", "Ana Maria", "+351 900");
        var trip = await Elsewhere.RequestAsync();
        await driver.ReplyAsync((await driver.NextOfferAsync()).OfferId, accepted: true);
        Assert.Equal("Ana Maria", (await driver.NextAsync(Command.CommandOneofCase.TripAssigned)).TripAssigned.Passenger.DisplayName);
    }

    [Fact]
    public async Task A_zone_is_used_elsewhere_as_soon_as_it_is_made()
    {
        var zones = new ZoneWorld(Here.Host);
        await zones.UpsertAsync("closed", ZoneKind.NoPickup, """{"type":"Polygon","coordinates":[[[-8.62,41.14],[-8.6,41.14],[-8.6,41.16],[-8.62,41.16],[-8.62,41.14]]]}""");
        await ServerHost.UntilAsync(() => !Elsewhere.Host.City.GetRequiredService<ZoneBook>().Set.Zones.IsEmpty);

        var refused = await Assert.ThrowsAsync<RpcException>(() => Elsewhere.RequestAsync());

        Assert.Equal("NO_PICKUP_ZONE", refused.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task An_incident_that_is_raised_here_is_told_elsewhere_at_once()
    {
        using var call = Elsewhere.Dispatch.WatchIncidents(new WatchIncidentsRequest(), Elsewhere.Service, cancellationToken: Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        var trip = await Here.RequestAsync();

        await Here.Riders.RaiseIncidentAsync(
            new RaiseIncidentRequest { RequestId = "i1", TripId = trip.TripId, Kind = IncidentKind.Accident }, Here.Host.TokenOf(Role.Rider, "r1"), cancellationToken: Cancel);

        do
        {
            Assert.True(await call.ResponseStream.MoveNext(Cancel));
        }
        while (call.ResponseStream.Current.Incidents.Count == 0);
    }

    [Fact]
    public async Task Matching_moves_to_the_node_that_the_companys_matcher_comes_to()
    {
        var driver = await Elsewhere.DriverAsync("d1");
        using var old = Here.Dispatch.ServeMatching(Here.Service, cancellationToken: Cancel);
        await old.ResponseHeadersAsync;
        using var matcher = Elsewhere.Dispatch.ServeMatching(Elsewhere.Service, cancellationToken: Cancel);
        await matcher.ResponseHeadersAsync;
        // It notices within a second.
        await Here.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));
        Here.Host.City.GetRequiredService<Dispatcher>().MatchingWanted.Set();
        var ended = await Assert.ThrowsAsync<RpcException>(() => old.ResponseStream.MoveNext(Cancel));
        Assert.Equal("TAKEN_OVER", ended.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);

        var trip = await Here.RequestAsync();

        Assert.True(await matcher.ResponseStream.MoveNext(Cancel));
        var round = matcher.ResponseStream.Current;
        Assert.Equal(trip.TripId, Assert.Single(round.Trips).TripId);
        await matcher.RequestStream.WriteAsync(
            new ServeMatchingRequest { Round = round.Round, Pairs = { new MatchedPair { TripId = trip.TripId, DriverId = "d1" } } }, Cancel);
        Assert.Equal(trip.TripId, (await driver.NextOfferAsync()).TripId);
    }

    private static bool IsConnected(RideWorld world) => world.Host.City.GetRequiredService<CityFleet>().IsConnected("d1");

    // As a node that has not said for long that it is there.
    private async Task RunOutAsync(string writer, TimeSpan seenAgo = default)
    {
        await using var admin = await Redis.ConnectAsync();
        var seen = new DateTimeOffset(await admin.GetServers()[0].TimeAsync(), TimeSpan.Zero) - seenAgo;
        await admin.GetDatabase().HashSetAsync("rt:{default}:nodes", [new(writer, 1), new("#judged", 0), new("#seen", seen.ToUnixTimeMilliseconds())]);
    }

    [Fact]
    public async Task Events_of_a_trip_are_told_elsewhere_as_they_are_committed()
    {
        using var call = Elsewhere.Dispatch.WatchTripEvents(new WatchTripEventsRequest(), Elsewhere.Service, cancellationToken: Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        var trip = await Here.RequestAsync();

        // Both nodes' clocks stand still: who only looked each second would never see it.
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(Cancel));
        }
        while (call.ResponseStream.Current.Events.All(e => e.TripId != trip.TripId));
    }
}
