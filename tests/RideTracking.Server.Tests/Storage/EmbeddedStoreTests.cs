using System.Net;
using System.Net.Sockets;
using Garnet.common;
using Microsoft.Extensions.Logging.Abstractions;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

public sealed class EmbeddedStoreTests
{
    private const int Keys = 12_000;
    private const int Lists = 60;
    private const string Secret = "nobody knows";

    [Fact]
    public async Task Filled_to_several_times_its_memory_it_has_every_key_also_in_a_new_file()
    {
        using var folder = new EmbeddedFolder();
        var opened = await folder.OpenAsync(memoryMegabytes: 16);
        var filler = new string('x', 2000); // 24 MB, and as much in lists: three times the memory.
        foreach (var chunk in Enumerable.Range(0, Keys).Chunk(2000))
        {
            await Task.WhenAll(chunk.Select(i => opened.Writer.SetAsync($"key:{i}", $"{i} {filler}")));
        }

        foreach (var list in Enumerable.Range(0, Lists))
        {
            // As the log's segments are.
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => opened.Database.ExecuteAsync(Apply.Name, Apply.Head, 1, 3, "RPUSH", $"list:{list}", new byte[20_000])));
        }

        Assert.Equal(0, await MissingAsync());
        await opened.Store.CompactAsync(TestContext.Current.CancellationToken);
        await ServerHost.UntilAsync(() => opened.Redis.IsConnected);
        Assert.Equal(0, await MissingAsync());
        await opened.DisposeAsync();
        opened = await folder.OpenAsync(memoryMegabytes: 16);
        Assert.Equal(0, await MissingAsync());
        await opened.DisposeAsync();

        async Task<int> MissingAsync()
        {
            var missing = 0;
            foreach (var chunk in Enumerable.Range(0, Keys).Chunk(2000))
            {
                var values = await opened.Database.StringGetAsync([.. chunk.Select(i => (RedisKey)$"key:{i}")]);
                missing += chunk.Where((key, i) => values[i] != $"{key} {filler}").Count();
            }

            foreach (var list in Enumerable.Range(0, Lists))
            {
                missing += (await opened.Database.ListRangeAsync($"list:{list}")).Sum(v => v.Length()) == 400_000 ? 0 : 1;
            }

            return missing;
        }
    }

    [Fact]
    public async Task A_port_that_somebody_else_has_is_not_insisted_on()
    {
        using var folder = new EmbeddedFolder();
        Directory.CreateDirectory(folder.Path);
        var log = LogFolder.Current(folder.Path);
        using var somebody = new TcpListener(IPAddress.Loopback, 0);
        somebody.Start();
        var taken = ((IPEndPoint)somebody.LocalEndpoint).Port;
        await Assert.ThrowsAsync<GarnetException>(() => GarnetRun.StartAsync(log, [taken], 16, Secret, new WriteGate(), NullLoggerFactory.Instance));
        await using var run = await GarnetRun.StartAsync(log, [taken, .. GarnetRun.AnyPort()], 16, Secret, new WriteGate(), NullLoggerFactory.Instance);
        Assert.NotEqual(taken, run.Port);
    }

    [Fact]
    public async Task A_call_that_comes_before_the_file_was_run_to_its_end_is_refused_and_not_answered_and_lost()
    {
        using var folder = new EmbeddedFolder();
        await using (var opened = await folder.OpenAsync())
        {
            await opened.WriteAsync(0);
        }

        StoreFailure? early = null;
        var log = LogFolder.Current(folder.Path);
        await using var run = await GarnetRun.StartAsync(log, GarnetRun.AnyPort(), 16, Secret, new WriteGate(), NullLoggerFactory.Instance, async port =>
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},password={Secret}");
            early = StoreFailure.Of(await Assert.ThrowsAsync<RedisServerException>(() => new StoreWriter(redis.GetDatabase(), isEmbedded: true, new RecordFormat()).HashSetAsync("filled", 1, "")));
        });
        Assert.Equal(new StoreFailure(StoreFailureKind.Refusing, "TRYAGAIN"), early);
        Assert.False(run.Replay.HasGap);
        Assert.Equal(1, await run.Connection.GetDatabase().HashLengthAsync("filled"));
    }

    [Fact]
    public async Task Who_does_not_know_its_secret_is_told_nothing()
    {
        using var folder = new EmbeddedFolder();
        Directory.CreateDirectory(folder.Path);
        await using var run = await GarnetRun.StartAsync(LogFolder.Current(folder.Path), GarnetRun.AnyPort(), 16, Secret, new WriteGate(), NullLoggerFactory.Instance);
        using var anybody = new TcpClient();
        await anybody.ConnectAsync(IPAddress.Loopback, run.Port, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(anybody.GetStream());
        foreach (var (asked, told) in ((string, string)[])[("*2\r\n$3\r\nGET\r\n$1\r\nx\r\n", "-NOAUTH"), ("*2\r\n$4\r\nAUTH\r\n$5\r\nguess\r\n", "-WRONGPASS"), ("*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n", "-NOAUTH")])
        {
            await anybody.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(asked), TestContext.Current.CancellationToken);
            Assert.StartsWith(told, await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_it_keeps_is_its_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Modes are of Unix.");
            return;
        }

        using var folder = new EmbeddedFolder();
        await using var opened = await folder.OpenAsync();
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Path, EmbeddedStore.SecretFileName)));
    }
}
