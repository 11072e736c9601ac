using Microsoft.Extensions.DependencyInjection;
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
}
