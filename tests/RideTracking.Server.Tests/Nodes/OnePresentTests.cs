using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>Two nodes over one Redis: whatever happens through one of them is so on the other.</summary>
public sealed class OnePresentTests : IAsyncLifetime
{
    private RedisProcess _redis = null!;
    private RideWorld _here = null!;
    private RideWorld _elsewhere = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisProcess.StartAsync();
        _here = await RideWorld.StartAsync(_redis);
        _elsewhere = await RideWorld.StartAsync(_redis);
    }

    public async ValueTask DisposeAsync()
    {
        await _elsewhere.DisposeAsync();
        await _here.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task A_trip_that_was_requested_elsewhere_is_driven_here_and_watched_there()
    {
        var driver = await _here.DriverAsync("d1");
        var trip = await _elsewhere.RequestAsync();
        using var watch = _elsewhere.Watch(trip.TripId);

        await driver.AcceptNextAsync();
        Assert.Equal("d1", (await watch.UntilStateAsync(TripState.Assigned)).Driver.DriverId);
        Assert.Equal(TripState.Assigned, (await _elsewhere.GetAsync(trip.TripId)).State);
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
        var driver = await _here.DriverAsync("d1");
        var trip = await _here.RequestAsync();
        await driver.AcceptNextAsync();

        await _elsewhere.CancelAsync(trip.TripId);

        await ServerHost.UntilAsync(() => _here.Book.PlanOf("d1").Trips.IsEmpty);
        Assert.Equal(TripState.Cancelled, (await _here.GetAsync(trip.TripId)).State);
    }

    [Fact]
    public async Task A_driver_who_is_blocked_elsewhere_loses_the_stream_here()
    {
        await using var phone = await DriverPhone.ConnectAsync(_here.Host, "d1");

        await _elsewhere.Dispatch.BlockDriverAsync(
            new BlockDriverRequest { DriverId = "d1", Reason = "papers" }, _elsewhere.Service, cancellationToken: Cancel);

        Assert.Equal(StreamClosingReason.Blocked, (await phone.ReadUntilAsync(m => m.StreamClosing is not null)).StreamClosing.Reason);
    }

    [Fact]
    public async Task Events_of_a_trip_are_told_elsewhere_as_they_are_committed()
    {
        using var call = _elsewhere.Dispatch.WatchTripEvents(new WatchTripEventsRequest(), _elsewhere.Service, cancellationToken: Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        var trip = await _here.RequestAsync();

        // Both nodes' clocks stand still: who only looked each second would never see it.
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(Cancel));
        }
        while (call.ResponseStream.Current.Events.All(e => e.TripId != trip.TripId));
    }
}
