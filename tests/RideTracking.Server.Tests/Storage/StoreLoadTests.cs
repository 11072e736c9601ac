using Microsoft.Extensions.DependencyInjection;
using RideTracking.Benchmarks.Kills.Loads;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Every script, with arguments by chance: the embedded store and Redis hold the same afterwards.</summary>
public sealed class StoreLoadTests
{
    private const int Calls = 150;

    [Fact]
    public async Task The_embedded_store_and_Redis_come_to_the_same()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var reference = await redis.ConnectAsync();
        await using var server = await ServerHost.StartAsync();
        var store = server.Services.GetRequiredService<RedisStore>();
        StoreLoad[] loads = [.. StoreLoad.Some(1), .. StoreLoad.Some(11, "-2")];

        await Task.WhenAll(loads.Select(load => load.RunAsync(store.Writes, Calls, () => { })));

        Assert.All(loads, load => Assert.Equal(Calls, load.Answered));
        Assert.Empty(await new StoreTrial(loads, reference, keepsEach: false).FaultsAsync(store.Bulk.Database.Multiplexer));
    }

    [Fact]
    public async Task A_store_that_lost_a_call_is_found()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var reference = await redis.ConnectAsync();
        await using var server = await ServerHost.StartAsync();
        var store = server.Services.GetRequiredService<RedisStore>();
        var loads = StoreLoad.Some(1);
        await Task.WhenAll(loads.Select(load => load.RunAsync(store.Writes, Calls, () => { })));

        await store.Trips.Database.KeyDeleteAsync(new StoreKeys(loads[0].Area).Log);

        Assert.Single(await new StoreTrial(loads, reference, keepsEach: false).FaultsAsync(store.Bulk.Database.Multiplexer));
    }
}
