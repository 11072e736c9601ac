using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Garnet;
using Garnet.common;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>A Garnet server in this process over one folder of the embedded store, from its start to its end.</summary>
/// <remarks>
/// Every switch below is load-bearing: see <c>docs/decisions.md</c>. Without the storage tier, keys beyond the memory
/// are dropped in silence; without waiting for the commit, an acknowledged write may be lost when the process is killed.
/// </remarks>
internal sealed class GarnetRun : IAsyncDisposable
{
    private const int LowestPort = 20_000;
    private const int HighestPort = 32_000;
    private const int MaxPortsTried = 100;

    private readonly GarnetServer _server;
    private readonly GarnetLog _said;

    private GarnetRun(GarnetServer server, GarnetLog said, LogFolder folder, int port, Replay replay, ConnectionMultiplexer connection)
    {
        (_server, _said, Folder, Port, Replay, Connection) = (server, said, folder, port, replay, connection);
    }

    /// <summary>Its files.</summary>
    public LogFolder Folder { get; }

    /// <summary>Where it listens, on the loopback alone.</summary>
    public int Port { get; }

    /// <summary>What was found in them.</summary>
    public Replay Replay { get; }

    /// <summary>A connection of the store's own.</summary>
    public ConnectionMultiplexer Connection { get; }

    /// <summary>What went wrong so far, in Garnet's own words.</summary>
    public IReadOnlyCollection<string> Faults => _said.Faults;

    /// <summary>Why it could not write its file; it writes nothing more, and answers no write, after that. Null while it could.</summary>
    public string? WriteFailure => _said.WriteFailure;

    /// <summary>Starts it and runs its file again.</summary>
    /// <param name="folder">Its files.</param>
    /// <param name="ports">Where it may listen: the first that nobody has.</param>
    /// <param name="memoryMegabytes">Beyond it keys are on disk.</param>
    /// <param name="secret">What who connects must know: everybody on the machine reaches the port.</param>
    /// <param name="gate">What writes go through.</param>
    /// <param name="loggers">Told what it warns of.</param>
    /// <param name="listening">For tests: told the port when it listens already, but takes no writes yet.</param>
    /// <exception cref="GarnetException">Somebody has each of the ports.</exception>
    public static async Task<GarnetRun> StartAsync(
        LogFolder folder, IEnumerable<int> ports, int memoryMegabytes, string secret, WriteGate gate, ILoggerFactory loggers, Func<int, Task>? listening = null)
    {
        GarnetException? taken = null;
        foreach (var port in ports)
        {
            try
            {
                return await StartOnAsync(port, folder, memoryMegabytes, secret, gate, loggers, listening);
            }
            catch (GarnetException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                taken = e;
            }
        }

        throw taken ?? (Exception)new ArgumentException("There must be a port.", nameof(ports));
    }

    /// <summary>Any port: below those that systems give to outgoing connections, so that nobody takes it when another run follows on one.</summary>
    public static IEnumerable<int> AnyPort() => Enumerable.Range(0, MaxPortsTried).Select(_ => RandomNumberGenerator.GetInt32(LowestPort, HighestPort));

    private static async Task<GarnetRun> StartOnAsync(
        int port, LogFolder folder, int memoryMegabytes, string secret, WriteGate gate, ILoggerFactory loggers, Func<int, Task>? listening)
    {
        var said = new GarnetLog(loggers);
        var server = new GarnetServer(
            [
                "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--auth", "Password", "--password", secret,
                "--aof", "true", "--aof-commit-freq", "0", "--aof-commit-wait", "true",
                "--aof-memory", "8m", "--aof-page-size", AppendOnlyFile.PageSize, "--aof-segment-size", AppendOnlyFile.FileSize,
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
            await (listening?.Invoke(port) ?? Task.CompletedTask);
            replay.End();
            var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},password={secret},allowAdmin=true,asyncTimeout=60000,connectTimeout=60000");
            return new GarnetRun(server, said, folder, port, replay, connection);
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
