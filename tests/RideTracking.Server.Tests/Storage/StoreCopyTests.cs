using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

/// <summary>The embedded store copies what it holds into a new file: all of it, or it goes on with the file that it has.</summary>
public sealed class StoreCopyTests : IDisposable
{
    private const int Many = 3000;

    private readonly EmbeddedFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task All_kinds_of_values_are_there_afterwards_in_a_smaller_file_and_after_a_start()
    {
        await using (var store = await _folder.OpenAsync())
        {
            await FillAsync(store);
            var before = (await DumpAsync(store), store.Store.LogBytes);
            await CompactAsync(store);
            Assert.Equal(before.Item1, await DumpAsync(store));
            Assert.InRange(store.Store.LogBytes, 1, before.LogBytes / 2);
            Assert.Equal("log-2", Assert.Single(Directory.GetDirectories(_folder.Path).Select(Path.GetFileName)));
            await store.WriteAsync(Many);
            await CompactAsync(store);
            await store.WriteAsync(Many + 1);
        }

        await using var again = await _folder.OpenAsync();
        Assert.Equal(2, await again.CountAsync());
        await again.Writer.HashDeleteAsync("filled", Many);
        await again.Writer.HashDeleteAsync("filled", Many + 1);
        await using var other = await OtherAsync();
        Assert.Equal(await DumpAsync(other), await DumpAsync(again));

        // Filled alike, and never copied.
        async Task<EmbeddedFolder.Opened> OtherAsync()
        {
            var store = await new EmbeddedFolder().OpenAsync();
            await FillAsync(store);
            return store;
        }
    }

    [Fact]
    public async Task Meanwhile_writes_are_refused_for_now_and_reads_answered()
    {
        var looked = 0;
        await using var store = await _folder.OpenAsync();
        await store.WriteAsync(0);
        store.Store.Copied = async _ =>
        {
            var plain = await Assert.ThrowsAsync<RedisServerException>(() => store.WriteAsync(1));
            var script = await Assert.ThrowsAsync<RedisServerException>(() => StoreScript.RoadClosures.RunAsync(store.Writer, ["closures", "version"], ["x"]));
            Assert.Equal(new StoreFailure(StoreFailureKind.Refusing, "TRYAGAIN"), StoreFailure.Of(plain));
            Assert.Equal(new StoreFailure(StoreFailureKind.Refusing, "TRYAGAIN"), StoreFailure.Of(script));
            Assert.Equal(1, await store.CountAsync());
            looked++;
        };
        await CompactAsync(store);
        await store.WriteAsync(1);
        Assert.Equal((2, 1), (await store.CountAsync(), looked));
    }

    [Fact]
    public async Task A_copy_that_is_not_whole_is_not_gone_on_with()
    {
        await using (var store = await _folder.OpenAsync())
        {
            await store.WriteAsync(0);
            store.Store.Copied = copy =>
            {
                EmbeddedFolder.Damage(copy, "value-0.");
                return Task.CompletedTask;
            };
            await Assert.ThrowsAsync<InvalidDataException>(() => CompactAsync(store));
            await ServerHost.UntilAsync(() => store.Redis.IsConnected);
            await store.WriteAsync(1);
            Assert.Equal(2, await store.CountAsync());
            Assert.Null(store.Store.Fault);
            Assert.Equal("log-1", Assert.Single(Directory.GetDirectories(_folder.Path).Select(Path.GetFileName)));
        }

        await using var again = await _folder.OpenAsync();
        Assert.Equal(2, await again.CountAsync());
    }

    [Fact]
    public async Task A_copy_that_cannot_begin_keeps_nobody_from_writing()
    {
        await using var store = await _folder.OpenAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "log-2"), "in the way", TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<IOException>(store.Store.CompactAsync);
        await store.WriteAsync(0);
        Assert.Equal(1, await store.CountAsync());
    }

    [Fact]
    public async Task What_a_killed_copy_has_left_is_no_store()
    {
        await using (var store = await _folder.OpenAsync())
        {
            await store.WriteAsync(0);
        }

        var left = Directory.CreateDirectory(Path.Combine(_folder.Path, "log-2"));
        await File.WriteAllTextAsync(Path.Combine(left.FullName, "copied"), "1", TestContext.Current.CancellationToken);
        await using var again = await _folder.OpenAsync();
        Assert.Equal(1, await again.CountAsync());
        Assert.False(left.Exists && Directory.Exists(left.FullName));
    }

    [Fact]
    public async Task Without_the_note_how_far_it_had_got_nothing_is_taken_for_the_store_and_nothing_deleted()
    {
        await using (var store = await _folder.OpenAsync())
        {
            await store.WriteAsync(0);
        }

        File.Delete(Path.Combine(_folder.Path, "log-1", StoreProgress.FileName));
        var refused = await Assert.ThrowsAsync<StoreDamagedException>(() => _folder.OpenAsync());
        Assert.Contains("log-1", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(EmbeddedFolder.FilesIn(_folder.Path));
    }

    [Fact]
    public async Task A_store_of_an_earlier_version_is_left_alone()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "AOF"));
        var refused = await Assert.ThrowsAsync<StartException>(() => _folder.OpenAsync());
        Assert.Contains("earlier version", refused.Message, StringComparison.Ordinal);
    }

    private static async Task CompactAsync(EmbeddedFolder.Opened store)
    {
        await store.Store.CompactAsync();
        await ServerHost.UntilAsync(() => store.Redis.IsConnected);
    }

    private static async Task FillAsync(EmbeddedFolder.Opened store)
    {
        var binary = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        for (var again = 0; again < 9; again++)
        {
            // What is overwritten is not copied.
            await store.Writer.SetAsync("large", new byte[(1 << 20) - 1000], TimeSpan.FromHours(3));
        }

        await store.Writer.SetAsync("empty", "");
        await store.Writer.SetAsync("expires", "1", TimeSpan.FromHours(1));
        await store.Writer.SetAsync("expires soon", "1", TimeSpan.FromMilliseconds(1));
        await store.Writer.SetAsync(binary, binary);
        await ApplyAsync("SADD", "set", i => [$"member-{i}"]);
        for (var i = 0; i < 50; i++)
        {
            // Their lengths count, not only their bytes.
            await ApplyAsync("RPUSH", "tiny", _ => [""]);
        }

        await ApplyAsync("HSET", "hash", i => [$"field-{i}", binary]);
        await ApplyAsync("RPUSH", "list", i => [i == 7 ? new byte[600_000] : $"{i % 10}"]);
        await ApplyAsync("ZADD", "sorted", i => [(i * 0.1) - 7, $"member-{i}"]);
        await ApplyAsync("ZADD", "sorted", i => [i == 0 ? "-inf" : long.MaxValue, $"far-{i % 2}"]);
        await store.Database.ExecuteAsync(Apply.Name, Apply.Head, Now, 3, "PEXPIRE", "list", 3_600_000);

        async Task ApplyAsync(string command, string key, Func<int, object[]> value)
        {
            foreach (var chunk in Enumerable.Range(0, Many).Chunk(500))
            {
                var values = chunk.SelectMany(value).ToArray();
                await store.Database.ExecuteAsync(Apply.Name, [Apply.Head, Now, values.Length + 2, command, key, .. values]);
            }
        }
    }

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    // All that is there, in an order of its own where the store has none.
    private static async Task<List<string>> DumpAsync(EmbeddedFolder.Opened store)
    {
        var (lines, database) = (new List<string>(), store.Database);
        await foreach (var key in store.Redis.GetServers()[0].KeysAsync())
        {
            var values = await database.KeyTypeAsync(key) switch
            {
                RedisType.String => [(await database.StringGetAsync(key)).ToString()],
                RedisType.List => (await database.ListRangeAsync(key)).Select(v => v.ToString()),
                RedisType.Hash => (await database.HashGetAllAsync(key)).Select(e => $"{e.Name}={Convert.ToHexString(e.Value!)}").Order(StringComparer.Ordinal),
                RedisType.Set => (await database.SetMembersAsync(key)).Select(v => v.ToString()).Order(StringComparer.Ordinal),
                RedisType.SortedSet => (await database.SortedSetRangeByRankWithScoresAsync(key)).Select(e => $"{e.Element}={e.Score:R}"),
                _ => ["?"],
            };
            var stays = await database.KeyTimeToLiveAsync(key) is { } time ? $"{Math.Round(time.TotalHours)} h" : "for good";
            lines.Add(key == Apply.NumberKey ? "number" : $"{key} {stays}: {string.Join('|', values)}");
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }
}
