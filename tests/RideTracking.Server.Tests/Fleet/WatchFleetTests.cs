using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using DriverAvailability = RideTracking.Engine.Index.DriverAvailability;
using DriverLink = RideTracking.Engine.Index.DriverLink;
using DriverWork = RideTracking.Engine.Index.DriverWork;

namespace RideTracking.Server.Tests.Fleet;

public class WatchFleetTests
{
    private static readonly Duration Quick = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100));

    [Fact]
    public async Task A_viewport_is_sent_as_a_snapshot_and_then_as_what_changes()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        world.Move("inside", 41.15, -8.6, course: 359.7f, age: TimeSpan.FromSeconds(3));
        world.Move("outside", 48.85, 2.35);
        world.SetStatus("inside", DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected);

        using var reader = Watch(world.Client(), world, FleetWorld.Porto);
        await reader.ReadSnapshotAsync();
        Assert.Equal(["inside"], reader.Shown.Keys);
        var driver = reader.Shown["inside"];
        Assert.Equal((411_500_000, -86_000_000), (driver.LatitudeE7, driver.LongitudeE7));
        Assert.Equal(0u, driver.CourseDegrees);
        Assert.Equal(V1.DriverAvailability.Available, driver.Availability);
        Assert.Equal(V1.DriverLink.Connected, driver.Link);
        Assert.InRange(driver.AgeMs, 3000u, 60_000u);

        world.Move("inside", 41.16, -8.6);
        world.SetStatus("inside", DriverAvailability.Available, DriverWork.OnTrip, DriverLink.Lost);
        await reader.UntilAsync(r => r.Shown["inside"] is { LatitudeE7: 411_600_000, Work: V1.DriverWork.OnTrip, Link: V1.DriverLink.Lost });
        Assert.False(reader.Shown["inside"].HasCourseDegrees);
    }

    [Fact]
    public async Task A_driver_comes_and_goes_with_the_edge_of_the_viewport()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        world.Move("d", 41.15, -8.3);
        using var reader = Watch(world.Client(), world, FleetWorld.Porto);
        await reader.ReadSnapshotAsync();
        Assert.Empty(reader.Shown);

        world.Move("d", 41.15, -8.5);
        await reader.UntilAsync(r => r.Shown.ContainsKey("d"));
        world.Move("d", 41.15, -8.3);
        await reader.UntilAsync(r => !r.Shown.ContainsKey("d"));
        // The reader checks that its id is sent again.
        world.Move("d", 41.15, -8.5);
        await reader.UntilAsync(r => r.Shown.ContainsKey("d"));
    }

    [Fact]
    public async Task A_stale_driver_leaves()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        world.Move("fresh", 41.15, -8.6);
        world.Move("stale", 41.15, -8.6, age: TimeSpan.FromSeconds(60));
        using var reader = Watch(world.Client(), world, FleetWorld.Porto);
        await reader.ReadSnapshotAsync();
        Assert.Contains("stale", reader.Shown);
        world.Sweep(TimeSpan.FromSeconds(50));
        await reader.UntilAsync(r => !r.Shown.ContainsKey("stale"));
        Assert.Contains("fresh", reader.Shown);
    }

    [Fact]
    public async Task A_viewport_across_the_antimeridian_sees_both_sides()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        world.Move("west", -17, 179.5);
        world.Move("east", -17, -179.5);
        world.Move("elsewhere", -17, 0);
        using var reader = Watch(world.Client(), world, new Viewport { South = -20, West = 179, North = -15, East = -179 });
        await reader.ReadSnapshotAsync();
        Assert.Equal(["east", "west"], reader.Shown.Keys.Order());
    }

    [Theory]
    [InlineData(25, 3)]
    [InlineData(20, 3)]
    [InlineData(0, 1)]
    public async Task A_big_snapshot_comes_in_parts_and_says_where_it_ends(int drivers, int parts)
    {
        await using var host = await ServerHost.StartAsync(args: ["--Fleet:MaxDriversPerFrame", "10"]);
        var world = new FleetWorld(host);
        for (var i = 0; i < drivers; i++)
        {
            world.Move($"d{i}", 41.15, -8.6);
        }

        using var reader = Watch(world.Client(), world, FleetWorld.Porto);
        await reader.ReadSnapshotAsync();
        Assert.Equal(drivers, reader.Shown.Count);
        Assert.Equal(parts, reader.Frames.Count);
        Assert.All(reader.Frames, frame => Assert.True(frame.Snapshot));
        Assert.All(reader.Frames, frame => Assert.InRange(frame.Drivers.Count, 0, 10));

        for (var i = 0; i < drivers; i++)
        {
            world.Move($"d{i}", 41.2, -8.6);
        }

        await reader.UntilAsync(r => r.Shown.Values.All(driver => driver.LatitudeE7 == 412_000_000));
        Assert.All(reader.Frames[parts..], frame => Assert.False(frame.Snapshot || frame.SnapshotComplete));
    }

    [Fact]
    public async Task A_quiet_stream_still_tells_the_counts_of_the_whole_fleet()
    {
        await using var host = await ServerHost.StartAsync(args: ["--Fleet:CountsInterval", "00:00:00.100"]);
        var world = new FleetWorld(host);
        world.Move("far", 0, 0);
        world.SetStatus("far", DriverAvailability.Available, DriverWork.ToPickup, DriverLink.Connected);
        world.SetStatus("without position", DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected);
        using var reader = Watch(world.Client(), world, FleetWorld.Porto);
        await reader.ReadSnapshotAsync();
        var counts = reader.Frames[^1].Counts;
        Assert.Equal((2u, 1u, 1u, 1u), (counts.Connected, counts.AvailableIdle, counts.ToPickup, counts.Tracked));

        world.SetStatus("far", DriverAvailability.Available, DriverWork.OnTrip, DriverLink.Connected);
        await reader.UntilAsync(r => r.Frames[^1].Counts is { OnTrip: 1, ToPickup: 0 });
        Assert.Empty(reader.Shown);
    }

    [Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    [Fact]
    public async Task A_watcher_that_never_reads_holds_nobody_up_and_gets_the_newest_when_it_does()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        const int drivers = 2000;
        using var sleeper = Watch(world.Client(), world, FleetWorld.Porto);
        using var reader = Watch(world.Client(), world, FleetWorld.Porto);
        // Far more than the connection's window holds: the sleeper's writer has to stop.
        for (var round = 1; round <= 40; round++)
        {
            for (var i = 0; i < drivers; i++)
            {
                world.Move($"driver-{i}", 41.1 + (round * 1e-4), -8.6);
            }

            var newest = 411_000_000 + (round * 1000);
            await reader.UntilAsync(r => r.Shown.Count == drivers && r.Shown.Values.All(driver => driver.LatitudeE7 == newest));
        }

        await sleeper.UntilAsync(r => r.Shown.Count == drivers && r.Shown.Values.All(driver => driver.LatitudeE7 == 411_040_000));
        Assert.True(sleeper.Frames.Count < reader.Frames.Count, $"{sleeper.Frames.Count} frames were kept for a reader that slept");
    }

    [Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    [Fact]
    public async Task Many_threads_may_move_drivers_while_many_watch()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        var readers = Enumerable.Range(0, 4).Select(_ => Watch(world.Client(), world, FleetWorld.Porto)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var round = 0; round < 200; round++)
            {
                for (var i = 0; i < 25; i++)
                {
                    world.Move($"d{thread}-{i}", round % 10 == 5 ? 50 : 41.1 + (round * 1e-4), -8.6);
                }
            }
        })));
        await Task.WhenAll(readers.Select(reader => reader.UntilAsync(
            r => r.Shown.Count == 100 && r.Shown.Values.All(driver => driver.LatitudeE7 == 411_199_000))));
        readers.ForEach(reader => reader.Dispose());
    }

    [Fact]
    public async Task The_browser_gets_the_same_over_gRPC_Web()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        world.Move("d", 41.15, -8.6);
        using var reader = Watch(world.WebClient(out var channel), world, FleetWorld.Porto);
        await reader.ReadSnapshotAsync();
        world.Move("d", 41.2, -8.6);
        await reader.UntilAsync(r => r.Shown["d"].LatitudeE7 == 412_000_000);
        channel.Dispose();
    }

    [Theory]
    [InlineData(double.NaN, -8, 42, -7, "viewport.south")]
    [InlineData(41, double.PositiveInfinity, 42, -7, "viewport.west")]
    [InlineData(41, -8, 91, -7, "viewport.north")]
    [InlineData(41, -8, 42, 181, "viewport.east")]
    [InlineData(42, -8, 41, -7, "viewport.south")]
    public async Task A_viewport_that_is_none_is_refused_by_field(double south, double west, double north, double east, string field)
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        var violations = await RefusedAsync(world, new WatchFleetRequest
        {
            Viewport = new Viewport { South = south, West = west, North = north, East = east },
        });
        Assert.Equal([field], violations.Select(violation => violation.Field));
    }

    [Fact]
    public async Task Every_field_that_is_wrong_is_named()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        Assert.Equal(["viewport"], (await RefusedAsync(world, new WatchFleetRequest())).Select(violation => violation.Field));
        var violations = await RefusedAsync(world, new WatchFleetRequest
        {
            Viewport = new Viewport { South = -91, West = -181, North = 91, East = 181 },
            MinFrameInterval = new Duration { Seconds = 315_576_000_000 },
        });
        Assert.Equal(
            ["viewport.south", "viewport.west", "viewport.north", "viewport.east", "min_frame_interval"],
            violations.Select(violation => violation.Field));
        violations = await RefusedAsync(world, new WatchFleetRequest { Viewport = FleetWorld.Porto, MinFrameInterval = new Duration { Nanos = 99_000_000 } });
        Assert.Contains("0.1 s to 60 s", Assert.Single(violations).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watchers_beyond_the_limit_are_refused_until_one_leaves()
    {
        await using var host = await ServerHost.StartAsync(args: ["--Fleet:MaxWatchers", "1"]);
        var world = new FleetWorld(host);
        var first = Watch(world.Client(), world, FleetWorld.Porto);
        await first.ReadSnapshotAsync();
        using (var second = Watch(world.Client(), world, FleetWorld.Porto))
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(second.NextAsync);
            Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
            Assert.Equal("TOO_MANY_WATCHERS", refusal.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);
        }

        first.Dispose();
        while (true)
        {
            using var third = Watch(world.Client(), world, FleetWorld.Porto);
            try
            {
                await third.ReadSnapshotAsync();
                break;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
            {
                // The server has not noticed yet that the first one is gone.
            }
        }
    }

    [Fact]
    public async Task A_stopping_server_ends_the_stream_and_says_to_come_back()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        using var reader = Watch(world.Client(), world, FleetWorld.Porto);
        await reader.ReadSnapshotAsync();
        var stopping = host.StopAsync();
        var end = await Assert.ThrowsAsync<RpcException>(() => reader.UntilAsync(_ => false));
        Assert.Equal(StatusCode.Unavailable, end.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), end.GetRpcStatus()?.GetDetail<RetryInfo>()?.RetryDelay.ToTimeSpan());
        await stopping;
    }

    [Theory]
    [InlineData("--Fleet:ShortestFrameInterval", "00:00:00", "Fleet:ShortestFrameInterval is ")]
    [InlineData("--Fleet:DefaultFrameInterval", "00:02:00", "Fleet:DefaultFrameInterval is ")]
    [InlineData("--Fleet:CountsInterval", "00:00:00.01", "Fleet:CountsInterval is ")]
    [InlineData("--Fleet:MaxDriversPerFrame", "0", "Fleet:MaxDriversPerFrame must be")]
    public async Task Options_that_cannot_work_stop_the_start(string option, string value, string message)
    {
        var failure = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => ServerHost.StartAsync(args: [option, value]));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    private static FleetReader Watch(FleetService.FleetServiceClient client, FleetWorld world, Viewport viewport) =>
        new(client.WatchFleet(new WatchFleetRequest { Viewport = viewport, MinFrameInterval = Quick }, world.Ops));

    private static async Task<IEnumerable<BadRequest.Types.FieldViolation>> RefusedAsync(FleetWorld world, WatchFleetRequest request)
    {
        using var call = world.Client().WatchFleet(request, world.Ops);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        return refusal.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations ?? [];
    }
}
