using System.Net;
using System.Net.Sockets;
using Garnet;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Store;

/// <summary>
/// A Garnet server in this process, for a start without set-up. Used when no Redis is configured.
/// </summary>
/// <remarks>
/// Every switch below is load-bearing: see <c>docs/decisions.md</c>. Without the storage tier, keys beyond the memory
/// are dropped in silence; without the Lua transaction mode, scripts are not atomic; without waiting for the commit,
/// an acknowledged write may be lost when the process is killed.
/// </remarks>
public sealed partial class EmbeddedStore(
    IOptions<StoreOptions> options, IOptions<DataOptions> data, ILoggerFactory loggers, Loops loops, ILogger<EmbeddedStore> logger) : IAsyncDisposable
{
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromMinutes(5);
    private GarnetServer? _server;
    private FileStream? _lock;
    private CancellationTokenSource? _stopping;
    private Task _checkpoints = Task.CompletedTask;

    /// <summary>Whether its files were taken away while it runs. It would go on in memory, and come back with nothing.</summary>
    public bool IsLost => _lock is { } held && _server is not null && !File.Exists(held.Name);

    /// <summary>Starts the server and returns its endpoint, or null when another Redis is configured.</summary>
    public Task<string?> StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Redis.Length > 0)
        {
            return Task.FromResult<string?>(null);
        }

        var folder = Path.GetFullPath(Path.Combine(data.Value.DataFolder, "store"));
        Directory.CreateDirectory(folder);
        _lock = Lock(folder);
        var port = FreePort();
        var memory = options.Value.EmbeddedMemoryMegabytes;
        _server = new GarnetServer(
            [
                "--bind", "127.0.0.1", "--port", $"{port}",
                "--aof", "true", "--aof-commit-freq", "0", "--aof-commit-wait", "true",
                "--aof-memory", "8m", "--aof-page-size", "2m",
                "--storage-tier", "true", "--logdir", folder, "--checkpointdir", folder, "--recover", "true",
                "--lua", "true", "--lua-transaction-mode", "true",
                "--device-type", "RandomAccess", "-q",
                "-m", $"{memory}m", "-i", $"{Math.Max(4, memory / 16)}m", "-p", "1m",
            ],
            new WarningsOnly(loggers));
        _server.Start();
        LogStarted(port, folder);
        _stopping = new CancellationTokenSource();
        _checkpoints = TakeCheckpointsAsync($"127.0.0.1:{port}", _stopping.Token);
        return Task.FromResult<string?>($"127.0.0.1:{port}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is null)
        {
            return;
        }

        await _stopping!.CancelAsync();
        await _checkpoints;
        _server.Dispose();
        _server = null;
        _stopping.Dispose();
        await _lock!.DisposeAsync();
    }

    // The append-only file grows until a checkpoint makes it superfluous. After a stop, what is in it is read at the next start.
    private Task TakeCheckpointsAsync(string endpoint, CancellationToken stopping) =>
        loops.Create("store_checkpoints", TimeProvider.System).EveryAsync(CheckpointInterval, _ => TakeCheckpointAsync(endpoint), stopping);

    private async Task TakeCheckpointAsync(string endpoint)
    {
        try
        {
            await using var connection = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync($"{endpoint},allowAdmin=true");
            await connection.GetServer(endpoint).SaveAsync(StackExchange.Redis.SaveType.BackgroundSave);
        }
        catch (StackExchange.Redis.RedisException e)
        {
            // A store of this process is not away; this is told each time.
            LogCheckpointFailed(e);
        }
    }

    // Two servers on one folder would destroy each other's files.
    private static FileStream Lock(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new InvalidOperationException(
                $"The data folder {folder} is in use by another server. Stop it, or choose another folder with --data.", e);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LoggerMessage(LogLevel.Information, "Embedded store on 127.0.0.1:{Port}, data in {Folder}")]
    private partial void LogStarted(int port, string folder);

    [LoggerMessage(LogLevel.Error, "The embedded store could not take a checkpoint; its append-only file keeps growing")]
    private partial void LogCheckpointFailed(Exception exception);
}
