using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
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
        await server.Services.GetRequiredService<RedisStore>().Trips.Database.StringSetAsync("kept", "yes");
        await using var connection = await redis.ConnectAsync();
        Assert.Equal("yes", await connection.GetDatabase().StringGetAsync("kept"));
    }

    [Theory, InlineData("5f0c2e", 1), InlineData("3 5f0c2e", 3)]
    public async Task On_a_store_of_another_format_the_server_does_not_start_and_says_how_to_go_on(string name, int format)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var connection = await redis.ConnectAsync();
        var generation = new StoreKeys("default").Generation;
        await connection.GetDatabase().StringSetAsync(generation, name);

        var refused = await Assert.ThrowsAsync<StartException>(() => ServerHost.StartAsync(redis));
        Assert.StartsWith($"The store holds the area default in format {format}, and this program works on format {StoreGenerations.Format}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
        Assert.Equal(name, await connection.GetDatabase().StringGetAsync(generation));
    }

    [Fact]
    public async Task Where_a_store_of_another_format_comes_back_the_server_ends()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await RideWorld.StartAsync(redis);
        await using var connection = await redis.ConnectAsync();
        world.Host.ExpectErrors("The server ends: The store holds the area default in format 1");
        await connection.GetDatabase().StringSetAsync(new StoreKeys("default").Generation, "5f0c2e");

        await world.Host.PassAsync<AreaGeneration>(TimeSpan.FromSeconds(1));
        Assert.True(world.Host.Services.GetRequiredService<ServerEnd>().HasFailed);
    }
}
