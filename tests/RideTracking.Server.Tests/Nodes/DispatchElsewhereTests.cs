using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Zones;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>What dispatch and ops do through one node, for drivers whose streams are on another.</summary>
public sealed class DispatchElsewhereTests : TwoNodes
{
    // Farther than anybody is looked for, in steps of 111 m.
    private const int Away = 100;

    [Fact]
    public async Task Why_a_driver_was_asked_is_told_by_a_node_that_does_not_match()
    {
        var driver = await Here.DriverAsync("d1");
        var trip = await Here.RequestAsync();
        await driver.NextOfferAsync();
        await ServerHost.UntilAsync(() => Elsewhere.Book.Find(trip.TripId) is { Offers.IsEmpty: false });

        var why = await Elsewhere.Dispatch.ExplainMatchAsync(
            new ExplainMatchRequest { TripId = trip.TripId, DriverId = "d1" }, Elsewhere.Service, cancellationToken: Cancel);

        var candidate = Assert.Single(Assert.Single(why.Rounds).Candidates);
        Assert.Equal(("d1", MatchOutcome.Offered, MatchObstacle.AskedNow), (candidate.DriverId, candidate.Outcome, why.Driver.Obstacle));
    }

    [Fact]
    public async Task A_message_that_is_sent_elsewhere_arrives_here()
    {
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await ServerHost.UntilAsync(() => Elsewhere.Host.City.GetRequiredService<CityFleet>().IsConnected("d1"));

        var sent = await Elsewhere.Dispatch.SendDriverMessageAsync(
            new SendDriverMessageRequest { RequestId = "m1", DriverId = "d1", Text = "Gate 4" }, Elsewhere.Service, cancellationToken: Cancel);

        var message = (await phone.ReadUntilAsync(m => m.Command?.DriverMessage is not null)).Command.DriverMessage;
        Assert.Equal((sent.MessageId, "Gate 4"), (message.MessageId, message.Text));
    }

    [Fact]
    public async Task A_trip_that_is_given_to_another_driver_elsewhere_leaves_the_one_here_and_comes_to_the_other()
    {
        var one = await Here.DriverAsync("d1");
        var trip = await Here.RequestAsync();
        await one.AcceptNextAsync();
        var other = await Here.DriverAsync("d2", 2);
        await ServerHost.UntilAsync(() => Elsewhere.Book.PlanOf("d2").Version > 0 && Elsewhere.Book.Find(trip.TripId)?.DriverId == "d1");

        await Elsewhere.Dispatch.ReassignTripAsync(new ReassignTripRequest { TripId = trip.TripId, DriverId = "d2" }, Elsewhere.Service, cancellationToken: Cancel);

        Assert.Equal(trip.TripId, (await one.NextAsync(Command.CommandOneofCase.TripRemoved)).TripRemoved.TripId);
        Assert.Equal(trip.TripId, (await other.NextAsync(Command.CommandOneofCase.TripAssigned)).TripAssigned.TripId);
        await ServerHost.UntilAsync(() => Here.Book.PlanOf("d1").Trips.IsEmpty && Here.Book.PlanOf("d2").Trips.Length == 1);
    }

    [Fact]
    public async Task Zone_events_of_a_driver_here_are_told_elsewhere_as_they_are_committed()
    {
        var (here, elsewhere) = (new ZoneWorld(Here.Host), new ZoneWorld(Elsewhere.Host));
        await here.UpsertAsync("field", ZoneKind.Geofence, EndedNodeTests.Field);
        using var watch = elsewhere.Watch("");
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 12));

        // Both nodes' clocks stand still: who only looked each second would never see it.
        do
        {
            Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        }
        while (watch.ResponseStream.Current.Events.Count == 0);
        Assert.Equal(("d1", ZoneEventKind.Enter), (watch.ResponseStream.Current.Events[0].DriverId, watch.ResponseStream.Current.Events[0].Kind));
    }

    [Fact]
    public async Task A_trip_that_is_given_elsewhere_to_a_driver_who_was_just_deleted_here_is_taken_back()
    {
        var driver = await Here.DriverAsync("d1", Away);
        var trip = await Elsewhere.RequestAsync();
        var before = (await Here.Store.ReadPlanAsync("d1")).Version;
        await ServerHost.UntilAsync(() => Elsewhere.Book.PlanOf("d1").Version == before && Here.Book.Find(trip.TripId) is not null && IsKnownElsewhere("d1"));
        var hear = await Elsewhere.Host.Services.GetRequiredKeyedService<FeedReader>("company").HoldAsync();
        await Here.Directory.DeleteDriverAsync(new DeleteDriverRequest { DriverId = "d1" }, Here.Service, cancellationToken: Cancel);

        await Elsewhere.Dispatch.AssignTripAsync(new AssignTripRequest { TripId = trip.TripId, DriverId = "d1" }, Elsewhere.Service, cancellationToken: Cancel);
        hear();
        Assert.Equal(before + 1, (await Here.Store.ReadPlanAsync("d1")).Version);
        await ServerHost.UntilAsync(() => Here.Book.Find(trip.TripId)?.DriverId == "d1");
        await Here.Host.PassAsync<LostDrivers>(TimeSpan.FromSeconds(1));

        await ServerHost.UntilAsync(() => new[] { Here, Elsewhere }.All(n => n.Book.PlanOf(driver.Id).Trips.IsEmpty && n.Book.Find(trip.TripId) is { State: Engine.Dispatch.TripState.Searching }));
        Assert.Equal(before + 2, (await Here.Store.ReadPlanAsync("d1")).Version);
    }

    [Fact]
    public async Task A_driver_who_is_deleted_here_while_a_trip_is_given_elsewhere_has_it_or_is_gone()
    {
        for (var i = 0; i < 10; i++)
        {
            var driver = await Here.DriverAsync($"d{i}", Away);
            var trip = await Elsewhere.RequestAsync($"q{i}", $"r{i}");
            var before = await Here.Store.ReadPlanAsync(driver.Id);
            await ServerHost.UntilAsync(() => Elsewhere.Book.PlanOf(driver.Id).Version == before.Version && Here.Book.Find(trip.TripId) is not null && IsKnownElsewhere(driver.Id));

            Task giving = Elsewhere.Dispatch.AssignTripAsync(
                new AssignTripRequest { TripId = trip.TripId, DriverId = driver.Id }, Elsewhere.Service, cancellationToken: Cancel).ResponseAsync;
            Task deleting = Here.Directory.DeleteDriverAsync(new DeleteDriverRequest { DriverId = driver.Id }, Here.Service, cancellationToken: Cancel).ResponseAsync;
            // Either may be refused.
            await Task.WhenAny(giving);
            await Task.WhenAny(deleting);
            await ServerHost.UntilAsync(() => giving.IsFaulted || Here.Book.PlanOf(driver.Id).Version > before.Version);
            await Here.Host.PassAsync<LostDrivers>(TimeSpan.FromSeconds(1));

            var plan = await Here.Store.ReadPlanAsync(driver.Id);
            if (deleting.IsFaulted)
            {
                Assert.Equal("DRIVER_HAS_TRIPS", (await Assert.ThrowsAsync<RpcException>(() => deleting)).GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
                Assert.Equal((before.Version + 1, trip.TripId), (plan.Version, Assert.Single(plan.TripIds)));
            }
            else
            {
                // Refused, or undone.
                Assert.Equal(before.Version + (giving.IsFaulted ? 0u : 2u), plan.Version);
                Assert.Empty(plan.TripIds);
            }
        }
    }

    [Fact]
    public async Task A_node_that_has_not_heard_of_a_trip_deletes_nobody_who_has_one()
    {
        var driver = await Here.DriverAsync("d1");
        var hear = await Elsewhere.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        var trip = await Here.RequestAsync();
        await driver.AcceptNextAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(() => Elsewhere.Directory.DeleteDriverAsync(
            new DeleteDriverRequest { DriverId = "d1" }, Elsewhere.Service, cancellationToken: Cancel).ResponseAsync);
        hear();

        var info = refused.GetRpcStatus()!.GetDetail<ErrorInfo>();
        Assert.Equal(("DRIVER_HAS_TRIPS", trip.TripId), (info.Reason, info.Metadata["trip_ids"]));
    }

    private bool IsKnownElsewhere(string driverId) => Elsewhere.Host.Services.GetRequiredService<CompanyDirectory>().Drivers.Find(driverId) is not null;
}
