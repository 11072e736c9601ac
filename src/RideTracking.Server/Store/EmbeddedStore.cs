using System.Net;
using System.Net.Sockets;
using Garnet;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// A Garnet server in this process, for a start without set-up. Used when no Redis is configured. Everything is written to it
/// by <see cref="Apply"/>.
/// </summary>
/// <remarks>
/// Every switch below is load-bearing: see <c>docs/decisions.md</c>. Without the storage tier, keys beyond the memory
/// are dropped in silence; without waiting for the commit, an acknowledged write may be lost when the process is killed.
/// </remarks>
public sealed partial class EmbeddedStore(
    IOptions<StoreOptions> options, IOptions<DataOptions> data, ILoggerFactory loggers, Loops loops, ILogger<EmbeddedStore> logger) : IAsyncDisposable
{
    // What the system says of a file that another process holds; a file that cannot be written says something else.
    private const int HeldOnLinux = 11;
    private const int HeldOnMac = 35;
    private const int HeldOnWindows = unchecked((int)0x80070020);

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromMinutes(5);

    private readonly GarnetLog _said = new(loggers);
    private GarnetServer? _server;
    private FileStream? _lock;
    private StoreProgress? _progress;
    private ConnectionMultiplexer? _connection;
    private CancellationTokenSource? _stopping;
    private Task _checkpoints = Task.CompletedTask;
    private bool _isCheckpointLate;

    /// <summary>Whether its files were taken away while it runs. It would go on in memory, and come back with nothing.</summary>
    public bool IsLost => _lock is { } held && _server is not null && !File.Exists(held.Name);

    /// <summary>What Garnet itself could not do, and has left half done; null when there is nothing.</summary>
    public string? Fault => _said.Faults.FirstOrDefault();

    /// <summary>Where its files are.</summary>
    internal static string FolderIn(string dataFolder) => Path.GetFullPath(Path.Combine(dataFolder, "store"));

    /// <summary>Starts the server and returns its endpoint, or null when another Redis is configured.</summary>
    /// <exception cref="StartException">The folder cannot be written, or another server has it.</exception>
    /// <exception cref="StoreDamagedException">Something that was written is not there, and it was not asked to start without it.</exception>
    public async Task<string?> StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Redis.Length > 0)
        {
            return null;
        }

        var folder = FolderIn(data.Value.DataFolder);
        _lock = DataFolder.Use(folder, () => Lock(folder));
        _progress = new StoreProgress(folder);
        var port = FreePort();
        var memory = options.Value.EmbeddedMemoryMegabytes;
        _server = new GarnetServer(
            [
                "--bind", "127.0.0.1", "--port", $"{port}",
                "--aof", "true", "--aof-commit-freq", "0", "--aof-commit-wait", "true",
                "--aof-memory", "8m", "--aof-page-size", "2m",
                "--storage-tier", "true", "--logdir", folder, "--checkpointdir", folder, "--recover", "true",
                "--lua", "true",
                "--device-type", "RandomAccess", "-q",
                "-m", $"{memory}m", "-i", $"{Math.Max(4, memory / 16)}m", "-p", "1m",
            ],
            _said);
        var replay = new Replay();
        // Before the start, which runs the file again, and before any other: the file names it by its place.
        _server.Register.NewTransactionProc(Apply.Name, () => new Apply(replay));
        _server.Start();
        replay.End();
        var endpoint = $"127.0.0.1:{port}";
        // A checkpoint of much data takes its time.
        _connection = await ConnectionMultiplexer.ConnectAsync($"{endpoint},allowAdmin=true,asyncTimeout=600000");
        await RequireWholeAsync(replay, folder);
        // What was read is saved at once: the file begins anew, and never has two runs of the server in it.
        await _connection.GetDatabase().ExecuteAsync("SAVE");
        _progress.Write(await AppliedAsync());
        LogStarted(port, folder);
        _stopping = new CancellationTokenSource();
        _checkpoints = loops.Create("store_checkpoints", TimeProvider.System).EveryAsync(CheckpointInterval, _ => TakeCheckpointAsync(_connection.GetServers()[0]), _stopping.Token);
        return endpoint;
    }

    /// <summary>Notes how far it has got, so that a start which finds less knows that something is lost.</summary>
    /// <param name="write">Writes something; what was there before is in the file when it is done.</param>
    internal async Task NoteProgressAsync(Func<Task> write)
    {
        var applied = _connection is null ? default : await AppliedAsync();
        await write();
        if (_connection is not null)
        {
            _progress!.Write(applied);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping is not null)
        {
            await _stopping.CancelAsync();
            await _checkpoints;
            _stopping.Dispose();
            _stopping = null;
        }

        if (_connection is not null)
        {
            await _connection.DisposeAsync();
            _connection = null;
        }

        _server?.Dispose();
        _server = null;
        if (_lock is not null)
        {
            await _lock.DisposeAsync();
            _lock = null;
        }
    }

    private async Task<Applied> AppliedAsync() => Applied.Parse(await _connection!.GetDatabase().StringGetAsync(Apply.NumberKey));

    // The append-only file grows until a checkpoint makes it superfluous. After a stop, what is in it is read at the next start.
    internal async Task TakeCheckpointAsync(IServer store)
    {
        try
        {
            await store.SaveAsync(SaveType.BackgroundSave);
            _isCheckpointLate = false;
        }
        catch (RedisTimeoutException e)
        {
            // It may still come to its end; for the loop a store that is late is away, and nothing to tell.
            if (!_isCheckpointLate)
            {
                _isCheckpointLate = true;
                LogCheckpointLate(e);
            }
        }
        catch (RedisException e)
        {
            // A store of this process is not away; this is told each time.
            LogCheckpointFailed(e);
        }
    }

    private async Task RequireWholeAsync(Replay replay, string folder)
    {
        var whole = await AppliedAsync();
        var noted = _progress!.Read();
        var newest = noted.Number > replay.Newest.Number ? noted : replay.Newest;
        if (!replay.HasGap && newest.Number <= whole.Number && _said.Faults.Count == 0)
        {
            return;
        }

        var lost = newest.Number > whole.Number ? $"{newest.Number - whole.Number} later writes, up to {newest.At:u}, are lost" : "how much came after it is not known";
        var found = (whole.Number == 0 ? "nothing of it is whole" : $"whole is what was written up to {whole.At:u}") + $" ({whole.Number} writes); {lost}";
        var reason = _said.Faults.Count == 0 ? "" : $" ({string.Join("; ", _said.Faults)})";
        if (!options.Value.StartDamaged)
        {
            throw new StoreDamagedException(
                $"The embedded store's files in {folder} are damaged: {found}{reason}. Nothing was changed. Put a copy of the folder in its place that is whole; "
                + "or start once with --Store:StartDamaged true, which keeps what is whole and forgets the rest. Copy the folder away before that.");
        }

        LogDamaged(folder, found, reason);
        _said.Forget();
    }

    // Two servers on one folder would destroy each other's files.
    private static FileStream Lock(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult is HeldOnLinux or HeldOnMac or HeldOnWindows)
        {
            throw new StartException(
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

    [LoggerMessage(LogLevel.Warning, "The embedded store does not finish a checkpoint in time; its append-only file keeps growing. Told once until one succeeds")]
    private partial void LogCheckpointLate(Exception exception);

    [LoggerMessage(LogLevel.Error, "The embedded store could not take a checkpoint; its append-only file keeps growing")]
    private partial void LogCheckpointFailed(Exception exception);

    [LoggerMessage(LogLevel.Critical, "The embedded store's files in {Folder} were damaged and it starts with what is whole (Store:StartDamaged): {Found}{Reason}")]
    private partial void LogDamaged(string folder, string found, string reason);
}
