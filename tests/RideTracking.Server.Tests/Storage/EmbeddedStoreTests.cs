using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

public sealed class EmbeddedStoreTests
{
    private const int Keys = 24_000;

    [Fact]
    public async Task Filled_to_several_times_its_memory_it_has_every_key_also_in_a_new_file()
    {
        using var folder = new EmbeddedFolder();
        await using var opened = await folder.OpenAsync(memoryMegabytes: 16);
        var filler = new string('x', 2000); // 48 MB, three times the memory.
        foreach (var chunk in Enumerable.Range(0, Keys).Chunk(2000))
        {
            await Task.WhenAll(chunk.Select(i => opened.Writer.SetAsync($"key:{i}", $"{i} {filler}")));
        }

        Assert.Equal(0, await MissingAsync());
        await opened.Store.CompactAsync();
        await ServerHost.UntilAsync(() => opened.Redis.IsConnected);
        Assert.Equal(0, await MissingAsync());

        async Task<int> MissingAsync()
        {
            var missing = 0;
            foreach (var chunk in Enumerable.Range(0, Keys).Chunk(2000))
            {
                var values = await opened.Database.StringGetAsync([.. chunk.Select(i => (RedisKey)$"key:{i}")]);
                missing += chunk.Where((key, i) => values[i] != $"{key} {filler}").Count();
            }

            return missing;
        }
    }
}
