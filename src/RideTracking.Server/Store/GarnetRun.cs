using System.Globalization;
using Garnet;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>A Garnet server in this process over one folder of the embedded store, from its start to its end.</summary>
/// <remarks>
/// Every switch below is load-bearing: see <c>docs/decisions.md</c>. Without the storage tier, keys beyond the memory
/// are dropped in silence; without waiting for the commit, an acknowledged write may be lost when the process is killed.
/// </remarks>
internal sealed class GarnetRun : IAsyncDisposable
{
    private readonly GarnetServer _server;
    private readonly GarnetLog _said;

    private GarnetRun(GarnetServer server, GarnetLog said, LogFolder folder, Replay replay, ConnectionMultiplexer connection)
    {
        (_server, _said, Folder, Replay, Connection) = (server, said, folder, replay, connection);
    }

    /// <summary>Its files.</summary>
    public LogFolder Folder { get; }

    /// <summary>What was found in them.</summary>
    public Replay Replay { get; }

    /// <summary>A connection of the store's own.</summary>
    public ConnectionMultiplexer Connection { get; }

    /// <summary>What went wrong so far, in Garnet's own words.</summary>
    public IReadOnlyCollection<string> Faults => _said.Faults;

    /// <summary>Starts it and runs its file again.</summary>
    /// <param name="folder">Its files.</param>
    /// <param name="port">Where it listens, on the loopback alone.</param>
    /// <param name="memoryMegabytes">Beyond it keys are on disk.</param>
    /// <param name="gate">What writes go through.</param>
    /// <param name="loggers">Told what it warns of.</param>
    public static async Task<GarnetRun> StartAsync(LogFolder folder, int port, int memoryMegabytes, WriteGate gate, ILoggerFactory loggers)
    {
        var said = new GarnetLog(loggers);
        var server = new GarnetServer(
            [
                "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture),
                "--aof", "true", "--aof-commit-freq", "0", "--aof-commit-wait", "true",
                "--aof-memory", "8m", "--aof-page-size", "2m",
                "--storage-tier", "true", "--logdir", folder.Path, "--checkpointdir", folder.Path, "--recover", "true",
                "--lua", "true",
                "--device-type", "RandomAccess", "-q",
                "-m", $"{memoryMegabytes}m", "-i", $"{Math.Max(4, memoryMegabytes / 16)}m", "-p", "1m",
            ],
            said);
        try
        {
            var replay = new Replay();
            // Before the start, which runs the file again, and before any other: the file names it by its place.
            server.Register.NewTransactionProc(Apply.Name, () => new Apply(replay, gate));
            server.Start();
            replay.End();
            var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},allowAdmin=true,asyncTimeout=60000");
            return new GarnetRun(server, said, folder, replay, connection);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>How far it has got.</summary>
    public async Task<Applied> AppliedAsync() => Applied.Parse(await Connection.GetDatabase().StringGetAsync(Apply.NumberKey));

    /// <summary>They were dealt with.</summary>
    public void ForgetFaults() => _said.Forget();

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        _server.Dispose();
    }
}
