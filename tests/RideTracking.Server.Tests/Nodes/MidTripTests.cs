using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Progress;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Zones;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>A driver who changes nodes while a rider is in the car.</summary>
public sealed class MidTripTests : TwoNodes
{
    private const double MetersOfFix = 11.1;

    // From the 40th to the 65th fix.
    private const string Bridge = """{"type":"Polygon","coordinates":[[[-8.62,41.154],[-8.60,41.154],[-8.60,41.1565],[-8.62,41.1565],[-8.62,41.154]]]}""";

    private ulong _driven;

    [Fact]
    public async Task A_driver_who_changes_nodes_in_mid_trip_goes_on_being_tracked()
    {
        var zones = new ZoneWorld(Here.Host);
        await zones.UpsertAsync("bridge", ZoneKind.Geofence, Bridge);
        await Here.Directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "d1" } }, Here.Service, cancellationToken: Cancel);
        await using var here = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await QueueTests.ActAsync(here, "available", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Available });
        await DriveAsync(here, 1, 1);
        var trip = await Elsewhere.RequestAsync();
        var offer = (await here.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer;
        await QueueTests.ActAsync(here, "reply", action => action.OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true });
        await QueueTests.ActAsync(here, "arrived", action => action.TripProgress = Progress(trip, 0, WaypointStep.Arrived));
        await DriveAsync(here, 2, 20);
        await QueueTests.ActAsync(here, "in", action => action.TripProgress = Progress(trip, 0, WaypointStep.Done));
        using var watch = Here.Watch(trip.TripId);
        await DriveAsync(here, 21, 50);
        var before = (await watch.UntilAsync(r => r.Progress?.DrivenMeters > 25 * MetersOfFix)).Progress;
        var told = here.Passed.Max(c => c.Sequence);

        await using var there = await DriverPhone.ConnectAsync(
            Elsewhere.Host, "d1", configure: hello => (hello.LastCommandSequence, hello.RoutePlanVersion) = (told, 0));
        Assert.Equal(50UL, there.Welcome.ResumeAfterSequence);
        Assert.Single(there.Welcome.RoutePlan.Waypoints);
        // Sent twice, as after a connection that broke: the fixes that came last, and those that come next.
        await DriveAsync(there, 45, 80);

        // The way, the time to the end and the place go on where the rider looks, and where the driver is now.
        foreach (var world in new[] { Here, Elsewhere })
        {
            using var rider = world.Watch(trip.TripId);
            var after = (await rider.UntilAsync(r => r.Progress?.DrivenMeters > 55 * MetersOfFix)).Progress;
            Assert.Equal(before.RouteVersion, after.RouteVersion);
            Assert.False(after.IsOffRoute);
            Assert.True(after.Ahead[^1].DistanceMeters < before.Ahead[^1].DistanceMeters - (20 * MetersOfFix));
        }

        await QueueTests.ActAsync(there, "there", action => action.TripProgress = Progress(trip, 1, WaypointStep.Arrived));
        await QueueTests.ActAsync(there, "out", action => action.TripProgress = Progress(trip, 1, WaypointStep.Done));
        // In at one node, out at the other, each once.
        Assert.Equal([ZoneEventKind.Enter, ZoneEventKind.Exit], (await zones.ReadAsync("", 2)).Select(e => e.Kind));

        foreach (var world in new[] { Here, Elsewhere })
        {
            await world.Host.PassAsync<DrivenPaths>(TimeSpan.FromSeconds(11));
        }

        await ServerHost.UntilAsync(async () => (await Here.GetAsync(trip.TripId)).Driven is not null);
        Assert.Equal(60 * MetersOfFix, (await Here.GetAsync(trip.TripId)).Driven.DistanceMeters, 3 * MetersOfFix);
        var numbers = there.Passed.Select(c => c.Sequence).ToArray();
        Assert.All(numbers, number => Assert.True(number > told));
        Assert.Equal(numbers.Order(), numbers);
    }

    private static TripProgress Progress(Trip trip, int waypoint, WaypointStep step) => new() { TripId = trip.TripId, WaypointId = trip.Waypoints[waypoint].WaypointId, Step = step };

    // A fix each second, sent together; on both nodes as much time goes by as the new ones take.
    private async Task DriveAsync(DriverPhone phone, ulong first, ulong through)
    {
        var span = TimeSpan.FromSeconds(through - _driven);
        _driven = through;
        Here.Time.Advance(span);
        Elsewhere.Time.Advance(span);
        await phone.SendAsync(DriverPhone.Batch(Now, first, (int)(through - first + 1)));
        await phone.ReadAckAsync(through);
    }
}
