using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Streams;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

public sealed class LogAppendTests
{
    // More than the 8,000 values that Lua can unpack at once.
    private const int Drivers = 20_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_whole_city_that_comes_back_at_once_does_not_stop_the_log(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        var store = server.Services.GetRequiredService<RedisStore>().Bulk;
        var fence = server.City.GetRequiredService<StoreKeys>().LogFence(server.City.GetRequiredService<LogWriterId>().Value);
        foreach (var some in Enumerable.Range(0, Drivers).Chunk(1000))
        {
            await store.SetAddAsync(fence, [.. some.Select(i => (RedisValue)$"other-{i} 2")]);
        }

        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(now, first: 1, count: 3));
        Assert.Empty(await phone.ReadAckAsync(3));
        Assert.Equal(3, (await ConnectTests.LoggedAsync(server)).Count);
        Assert.False(await store.KeyExistsAsync(fence));
    }
}
