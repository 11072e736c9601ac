using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>A data folder with an embedded store in it, which is opened, and opened again.</summary>
internal sealed class EmbeddedFolder(string? path = null) : IDisposable
{
    private readonly DirectoryInfo _data = path is null ? Directory.CreateTempSubdirectory("embedded-") : Directory.CreateDirectory(path);

    /// <summary>The store's own folder.</summary>
    public string Path => EmbeddedStore.FolderIn(_data.FullName);

    /// <summary>Opens it; it is not saved when it is closed, as if it were killed.</summary>
    public async Task<Opened> OpenAsync(bool startDamaged = false, int memoryMegabytes = 16, int minFreeDiskMegabytes = 1)
    {
        var errors = new ErrorLog();
        var loggers = LoggerFactory.Create(logging => logging.AddProvider(errors));
        var store = new EmbeddedStore(
            Options.Create(new StoreOptions { StartDamaged = startDamaged, EmbeddedMemoryMegabytes = memoryMegabytes, MinFreeDiskMegabytes = minFreeDiskMegabytes }),
            Options.Create(new DataOptions { DataFolder = _data.FullName }), loggers,
            new Loops(new LoopMetrics(new Meter("embedded")), _ => false, loggers), loggers.CreateLogger<EmbeddedStore>());
        try
        {
            var endpoint = (await store.StartAsync(TestContext.Current.CancellationToken))!;
            return new Opened(store, await ConnectionMultiplexer.ConnectAsync($"{endpoint},asyncTimeout=60000"), errors);
        }
        catch (StartException)
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Changes a byte of what was written, or others near it.</summary>
    public static void Damage(string folder, string text) => Damage(folder, text, 0, "!"u8);

    /// <inheritdoc cref="Damage(string, string)"/>
    public static void Damage(string folder, string text, int from, ReadOnlySpan<byte> changed)
    {
        foreach (var file in AppendOnlyFile.FilesIn(folder))
        {
            var bytes = File.ReadAllBytes(file.FullName);
            var at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text));
            if (at >= 0)
            {
                using var stream = file.OpenWrite();
                stream.Position = at + from;
                stream.Write(changed);
                return;
            }
        }

        Assert.Fail("Nothing to damage was found.");
    }

    public void Dispose() => _data.Delete(recursive: true);

    /// <summary>The store, open.</summary>
    internal sealed record Opened(EmbeddedStore Store, ConnectionMultiplexer Redis, ErrorLog Log) : IAsyncDisposable
    {
        public IDatabase Database => Redis.GetDatabase();

        public StoreWriter Writer => new(Database, isEmbedded: true, new RecordFormat());

        public IReadOnlyList<string> Errors => Log.Unexpected;

        public Task WriteAsync(int number) => Writer.HashSetAsync("filled", number, $"value-{number}.");

        public Task<long> CountAsync() => Database.HashLengthAsync("filled");

        public async ValueTask DisposeAsync()
        {
            await Redis.DisposeAsync();
            await Store.DisposeAsync();
        }
    }
}
