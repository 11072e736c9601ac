using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

public sealed class EmbeddedStoreTests
{
    private const int Keys = 24_000;

    [Fact]
    public async Task Filled_to_several_times_its_memory_it_has_every_key()
    {
        await using var server = await ServerHost.StartAsync(args: ["--Store:EmbeddedMemoryMegabytes", "16"]);
        var store = server.Services.GetRequiredService<RedisStore>().Bulk;
        var filler = new string('x', 2000); // 48 MB, three times the memory.
        foreach (var chunk in Enumerable.Range(0, Keys).Chunk(2000))
        {
            await Task.WhenAll(chunk.Select(i => store.StringSetAsync($"key:{i}", $"{i} {filler}")));
        }

        var missing = 0;
        foreach (var chunk in Enumerable.Range(0, Keys).Chunk(2000))
        {
            var values = await store.StringGetAsync([.. chunk.Select(i => (RedisKey)$"key:{i}")]);
            missing += chunk.Where((key, i) => values[i] != $"{key} {filler}").Count();
        }

        Assert.Equal(0, missing);
    }

    [Fact]
    public async Task A_checkpoint_that_does_not_end_in_time_is_warned_of_once()
    {
        using var warnings = new WarningLog();
        await using var server = await ServerHost.StartAsync(configure: builder => builder.Logging.AddProvider(warnings));
        var store = server.Services.GetRequiredService<EmbeddedStore>();
        // What does not answer in time is a Redis here: a Garnet cannot be told to.
        await using var redis = await RedisProcess.StartAsync();
        // A connection that is silent for some time-outs is taken for dead, so that these are long.
        await using var late = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true,asyncTimeout=1500");
        await late.GetServer(redis.Endpoint).ExecuteAsync("CLIENT", "PAUSE", "60000", "ALL");
        await store.TakeCheckpointAsync(late.GetServer(redis.Endpoint));
        await store.TakeCheckpointAsync(late.GetServer(redis.Endpoint));
        Assert.Single(warnings.Lines, told => told.Contains("does not finish a checkpoint in time", StringComparison.Ordinal));
    }
}
