using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>A master and its replica, both in one setting: a fail-over, with and without waiting for the replica.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class ReplicaTests : IAsyncLifetime
{
    private RedisProcess _master = null!;
    private RedisProcess _replica = null!;
    private ConnectionMultiplexer _admin = null!;
    private RideWorld _world = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        (_master, _replica) = (await RedisProcess.StartAsync(), await RedisProcess.StartAsync());
        _admin = await _replica.ConnectAsync();
        await _admin.GetDatabase().ExecuteAsync("REPLICAOF", "127.0.0.1", _master.Port);
        await ServerHost.UntilAsync(async () => ((string)(await _admin.GetDatabase().ExecuteAsync("INFO", "replication"))!).Contains("master_link_status:up", StringComparison.Ordinal));
        _world = await RideWorld.StartAsync(
            _master, null, "--redis", $"{_master.Endpoint},{_replica.Endpoint}", "--Store:WaitForReplicas", "1", "--Store:ReplicaTimeout", "00:00:00.100");
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _admin.DisposeAsync();
        await _replica.DisposeAsync();
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task What_is_acknowledged_or_answered_for_a_replica_has_and_survives_a_fail_over()
    {
        await using var phone = await DriverPhone.ConnectAsync(_world.Host, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        await phone.ReadAckAsync(1);
        var trip = await _world.RequestAsync();

        _master.Kill();
        // What is not there any more is not read from who may not have it yet.
        var store = _world.Host.Services.GetRequiredService<RedisStore>();
        await ServerHost.UntilAsync(() => !store.Trips.Database.Multiplexer.GetServer(_master.Endpoint).IsConnected);
        for (var i = 0; i < 10; i++)
        {
            Assert.True(StoreFailure.Passes(await Assert.ThrowsAnyAsync<Exception>(() => store.Trips.StringGetAsync("any"))));
        }

        await _admin.GetDatabase().ExecuteAsync("REPLICAOF", "NO", "ONE");

        Assert.Single(await _admin.GetDatabase().ListRangeAsync(new StoreKeys("default").LogSegment(1)));
        // What goes on needs no replica: there is none any more, and it is waited for.
        await ServerHost.UntilAsync(async () => !(await _admin.GetDatabase().StringGetAsync(new StoreKeys("default").DispatchFeed.Head)).IsNull && _world.Host.HasStore);
        Assert.Equal(StatusCode.Unavailable, (await RequestFailsAsync("q2"))!.StatusCode);
        Assert.Equal(trip.TripId, (await _world.GetAsync(trip.TripId)).TripId);
    }

    [Fact]
    public async Task While_the_replica_does_not_answer_nothing_is_acknowledged_and_afterwards_all_is_once()
    {
        await using var phone = await DriverPhone.ConnectAsync(_world.Host, "d1");
        _replica.Hold();
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        var refused = await RequestFailsAsync("q1");
        Assert.Equal((StatusCode.Unavailable, "STORE_UNAVAILABLE"), (refused!.StatusCode, refused.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason));

        _replica.GoOn();
        await phone.ReadAckAsync(1);
        var trip = await _world.RequestAsync("q1");
        Assert.Equal(trip.TripId, (await _world.RequestAsync("q1")).TripId);
        await using var connection = await _master.ConnectAsync();
        Assert.Single(await connection.GetDatabase().ListRangeAsync(new StoreKeys("default").LogSegment(1)));
    }

    private long Now => _world.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<RpcException?> RequestFailsAsync(string requestId)
    {
        try
        {
            await _world.Riders.RequestTripAsync(RideWorld.Ride(requestId), _world.Service, cancellationToken: Cancel);
            return null;
        }
        catch (RpcException e)
        {
            return e;
        }
    }
}
