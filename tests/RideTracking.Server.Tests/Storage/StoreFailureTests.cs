using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

/// <summary>How the store failed, told by what its client throws.</summary>
public sealed class StoreFailureTests
{
    [Fact]
    public async Task A_slot_that_has_moved_nobody_knows_where_to_is_no_mistake_of_ours()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var connection = await redis.ConnectAsync();
        // As a cluster answers whose nodes go by host names, of one that has none yet.
        var moved = await Assert.ThrowsAsync<RedisServerException>(
            () => connection.GetDatabase().ScriptEvaluateAsync("return redis.error_reply('MOVED 866 ?:7000')"));
        Assert.Equal(new StoreFailure(StoreFailureKind.Refusing, "MOVED"), StoreFailure.Of(moved));
    }

    [Fact]
    public async Task A_server_that_stops_has_hung_up_before_all_have_asked()
    {
        await using var redis = await RedisProcess.StartAsync();
        var connection = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},name={RedisStore.ClientNamePrefix}trips");
        var database = connection.GetDatabase();
        await connection.DisposeAsync();
        var disposed = await Assert.ThrowsAsync<ObjectDisposedException>(() => database.ScriptEvaluateAsync("return 1"));
        Assert.True(StoreFailure.Passes(disposed));
        Assert.Null(StoreFailure.Of(new ObjectDisposedException("another")));
    }
}
