using Grpc.Core;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Streams;

/// <summary>Watches whose callers do not read.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class SlowReaderTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_watch_that_nobody_reads_is_broken_off_and_one_that_is_read_goes_on()
    {
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        await using var server = await ServerHost.StartAsync(time: time);
        var world = new FleetWorld(server);
        // More than its client and its connection take ahead.
        for (var i = 0; i < 15_000; i++)
        {
            world.Move($"driver-{i}", 41.1 + (i % 1000 * 0.0001), -8.7 + (i / 1000 * 0.001));
        }

        using var slow = world.Client().WatchFleet(new WatchFleetRequest { Viewport = FleetWorld.Porto }, world.Ops, cancellationToken: Cancel);
        await time.AsleepAsync(Limit);
        using var read = new FleetReader(world.Client().WatchFleet(new WatchFleetRequest { Viewport = FleetWorld.Porto }, world.Ops, cancellationToken: Cancel));
        await read.ReadSnapshotAsync();

        time.Advance(Limit);

        await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await slow.ResponseStream.MoveNext(Cancel))
            {
            }
        });
        world.Move("another", 41.15, -8.6);
        time.Advance(TimeSpan.FromSeconds(1));
        await read.UntilAsync(r => r.Shown.ContainsKey("another"));
    }
}
