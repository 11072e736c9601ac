using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Storage;

public sealed class StoreStartTests
{
    [Fact]
    public async Task Without_Redis_the_embedded_store_keeps_what_it_is_given_across_restarts()
    {
        var folder = Directory.CreateTempSubdirectory("store-").FullName;
        await using (var first = await ServerHost.StartAsync(dataFolder: folder))
        {
            await first.Services.GetRequiredService<RedisStore>().Writes.SetAsync("kept", "yes");
        }

        await using (var second = await ServerHost.StartAsync(dataFolder: folder))
        {
            Assert.Equal("yes", await second.Services.GetRequiredService<RedisStore>().Trips.StringGetAsync("kept"));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_configured_Redis_is_used()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await server.Services.GetRequiredService<RedisStore>().Trips.StringSetAsync("kept", "yes");
        await using var connection = await redis.ConnectAsync();
        Assert.Equal("yes", await connection.GetDatabase().StringGetAsync("kept"));
    }
}
