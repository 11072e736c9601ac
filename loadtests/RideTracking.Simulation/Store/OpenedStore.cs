using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Simulation.Store;

/// <summary>A connection to a store, and what ends with it.</summary>
internal sealed record OpenedStore(IConnectionMultiplexer Redis, IAsyncDisposable? Server = null, DirectoryInfo? Folder = null) : IAsyncDisposable
{
    /// <summary>Whether it is the server's own.</summary>
    public bool IsEmbedded => Server is EmbeddedStore;

    /// <summary>Opens a store.</summary>
    /// <param name="store">redis: a redis-server of its own; garnet: embedded; else host:port of one that is empty.</param>
    public static async Task<OpenedStore> OpenAsync(string store)
    {
        switch (store)
        {
            case "redis":
                var server = await RedisServer.StartAsync();
                return new OpenedStore(await ConnectionMultiplexer.ConnectAsync(server.Endpoint), server);
            case "garnet":
                var folder = Directory.CreateTempSubdirectory("simulation-");
                var embedded = new EmbeddedStore(
                    Options.Create(new StoreOptions()), Options.Create(new DataOptions { DataFolder = folder.FullName }), NullLoggerFactory.Instance,
                    new Loops(new LoopMetrics(new Meter("simulation")), _ => false, NullLoggerFactory.Instance), NullLogger<EmbeddedStore>.Instance);
                return new OpenedStore(await ConnectionMultiplexer.ConnectAsync((await embedded.StartAsync(CancellationToken.None))!), embedded, folder);
            default:
                return new OpenedStore(await ConnectionMultiplexer.ConnectAsync(store));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Redis.DisposeAsync();
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        Folder?.Delete(recursive: true);
    }
}
