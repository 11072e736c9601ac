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
        // Filled alike, and never copied.
        using var otherFolder = new EmbeddedFolder();
        await using var other = await otherFolder.OpenAsync();
        await FillAsync(other);
        Assert.Equal(await DumpAsync(other), await DumpAsync(again));
    }

    [Fact]
    public async Task Whoever_writes_through_several_copies_finds_all_that_was_answered()
    {
        const int writers = 8;
        var answered = new List<int>();
        await using (var store = await _folder.OpenAsync())
        {
            using var done = new CancellationTokenSource();
            var writing = Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteAsync(store, writer, done.Token))).ToArray();
            for (var copy = 0; copy < 3; copy++)
            {
                await CompactAsync(store);
                var before = await store.CountAsync();
                await ServerHost.UntilAsync(async () => await store.CountAsync() > before + (10 * writers));
            }

            await done.CancelAsync();
            answered.AddRange((await Task.WhenAll(writing)).SelectMany(some => some));
            Assert.Empty(await MissingAsync(store));
        }

        await using var again = await _folder.OpenAsync();
        Assert.Empty(await MissingAsync(again));

        async Task<IEnumerable<int>> MissingAsync(EmbeddedFolder.Opened store) => answered.Except((await store.Database.HashKeysAsync("filled")).Select(k => (int)k));

        static async Task<List<int>> WriteAsync(EmbeddedFolder.Opened store, int writer, CancellationToken done)
        {
            var answered = new List<int>();
            using var tries = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
            for (var number = writer; !done.IsCancellationRequested; number += writers)
            {
                while (true)
                {
                    try
                    {
                        await store.WriteAsync(number);
                        answered.Add(number);
                        break;
                    }
                    catch (Exception e) when (StoreFailure.Passes(e))
                    {
                        // The same again, as whoever is refused or cut off does.
                        await tries.WaitForNextTickAsync(CancellationToken.None);
                    }
                }
            }

            return answered;
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
    public async Task A_file_that_cannot_be_gone_back_to_is_told_and_ends_the_store()
    {
        await using (var store = await _folder.OpenAsync())
        {
            await store.WriteAsync(0);
            await store.WriteAsync(1);
            store.Store.Copied = copy =>
            {
                EmbeddedFolder.Damage(copy, "value-0.");
                EmbeddedFolder.Damage(Path.Combine(_folder.Path, "log-1"), "value-0.");
                return Task.CompletedTask;
            };
            await Assert.ThrowsAsync<InvalidDataException>(() => store.Store.CompactAsync(TestContext.Current.CancellationToken));
            Assert.Contains("2 later writes", store.Store.Fault, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<StoreDamagedException>(() => _folder.OpenAsync());
    }

    [Fact]
    public async Task A_server_that_stops_gives_a_copy_up()
    {
        await using var store = await _folder.OpenAsync();
        await store.WriteAsync(0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Store.CompactAsync(new CancellationToken(canceled: true)));
        await store.WriteAsync(1);
        Assert.Equal(2, await store.CountAsync());
        Assert.Equal("log-1", Assert.Single(Directory.GetDirectories(_folder.Path).Select(Path.GetFileName)));
    }

    [Fact]
    public async Task A_copy_that_cannot_begin_keeps_nobody_from_writing()
    {
        await using var store = await _folder.OpenAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "log-2"), "in the way", TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<IOException>(() => store.Store.CompactAsync(TestContext.Current.CancellationToken));
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
        Assert.False(Directory.Exists(left.FullName));
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
        Assert.NotEmpty(AppendOnlyFile.FilesIn(_folder.Path));
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
        await store.Store.CompactAsync(TestContext.Current.CancellationToken);
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
