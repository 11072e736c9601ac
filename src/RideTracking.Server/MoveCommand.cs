using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server;

/// <summary>The verb <c>move</c> of the server program: moves what the embedded store holds into an empty Redis.</summary>
/// <remarks>It needs the data folder to itself. The embedded store stays as it is.</remarks>
internal static class MoveCommand
{
    // A value may be large, and a disk slow.
    private const int TimeoutMilliseconds = 60_000;

    /// <returns>The process's exit code.</returns>
    /// <exception cref="StartException">It cannot be moved; the message says why.</exception>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        await using var app = RideTrackingServer.Build([.. args, "--environment", "Development"], builder => builder.Logging.ClearProviders());
        var settings = app.Services.GetRequiredService<IOptions<StoreOptions>>().Value;
        var data = app.Services.GetRequiredService<IOptions<DataOptions>>();
        Require(settings, data.Value.DataFolder);
        await using var embedded = new EmbeddedStore(
            Options.Create(new StoreOptions { EmbeddedMemoryMegabytes = settings.EmbeddedMemoryMegabytes, MaxLogMegabytes = settings.MaxLogMegabytes, StartDamaged = settings.StartDamaged }),
            data, NullLoggerFactory.Instance, app.Services.GetRequiredService<Loops>(), NullLogger<EmbeddedStore>.Instance);
        var from = ConfigurationOptions.Parse((await embedded.StartAsync(CancellationToken.None))!);
        from.AsyncTimeout = TimeoutMilliseconds;
        await using var source = await ConnectionMultiplexer.ConnectAsync(from);
        try
        {
            await using var target = await ConnectAsync(settings);
            await MoveAsync(source, target, settings, output);
        }
        catch (Exception e) when (e is RedisException or RedisTimeoutException or InvalidDataException)
        {
            throw new StartException($"It was not moved: {e.Message}. Nothing was changed here. Empty the Redis (FLUSHDB) before you try again: no server starts on what is there now.", e);
        }

        return 0;
    }

    private static async Task MoveAsync(ConnectionMultiplexer source, ConnectionMultiplexer target, StoreOptions settings, TextWriter output)
    {
        foreach (var server in target.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
        {
            foreach (var finding in (await StoreCheck.FindAsync(server, settings.WaitForReplicas)).Findings)
            {
                var words = $"The store at {EndPointCollection.ToString(server.EndPoint)} {finding.Words}";
                if (finding.Kind >= StoreFindingKind.Losing)
                {
                    throw new StartException(words);
                }

                await output.WriteLineAsync(words);
            }
        }

        var moved = await StoreMove.RunAsync(source, target, CancellationToken.None);
        foreach (var (kind, keys, values) in moved)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{kind}: {keys} keys, {values} values"));
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{moved.Sum(one => one.Keys)} keys were moved and found there. Start every server with --redis from now on: what the data folder holds is not read any more, and not kept up."));
    }

    private static void Require(StoreOptions settings, string folder)
    {
        if (settings.Redis.Length == 0)
        {
            throw new StartException("Name the Redis to move to with --redis.");
        }

        if (!Directory.Exists(EmbeddedStore.FolderIn(folder)))
        {
            throw new StartException($"There is no store in {Path.GetFullPath(folder)}. Name the server's data folder with --data.");
        }
    }

    private static async Task<ConnectionMultiplexer> ConnectAsync(StoreOptions settings)
    {
        var to = RedisStore.Settings(settings.Redis, settings, NullLogger.Instance);
        (to.AsyncTimeout, to.AbortOnConnectFail) = (TimeoutMilliseconds, true);
        try
        {
            return await ConnectionMultiplexer.ConnectAsync(to);
        }
        catch (RedisConnectionException e)
        {
            throw new StartException("The Redis does not answer, or lets nobody in. Start it, mend its password or certificates, or name another with --redis.", e);
        }
    }
}
