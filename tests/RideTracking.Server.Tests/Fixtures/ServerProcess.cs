using System.Diagnostics;
using Grpc.Core;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>The server as a process of its own, to be killed as a machine that loses power would.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private readonly List<string> _arguments;
    private volatile TaskCompletionSource _ready = NewReady();
    private Process? _process;

    private ServerProcess(string dataFolder, RedisProcess? redis, string[] args)
    {
        DataFolder = dataFolder;
        _arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "RideTracking.Server.dll"),
            "--environment", "Development", "--data", dataFolder, "--redis", redis?.Endpoint ?? "",
            "--grpc-port", $"{GrpcPort}", "--web-port", $"{WebPort}", "--management-port", $"{ManagementPort}",
            "--Streams:MaxConnectsPerMinute", "10000", .. args,
        ];
    }

    public string DataFolder { get; }

    public int GrpcPort { get; } = FreePort.Take();

    public int WebPort { get; } = FreePort.Take();

    public int ManagementPort { get; } = FreePort.Take();

    public Uri GrpcAddress => new($"http://127.0.0.1:{GrpcPort}");

    /// <summary>Where its embedded store listens.</summary>
    public string? StoreEndpoint { get; private set; }

    /// <summary>Completes when the server serves (again).</summary>
    public Task Ready => _ready.Task;

    public static async Task<ServerProcess> StartAsync(string dataFolder, RedisProcess? redis = null, params string[] args)
    {
        var server = new ServerProcess(dataFolder, redis, args);
        await server.StartAgainAsync();
        return server;
    }

    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("dotnet", _arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        _process = Process.Start(start)!;
        var ready = _ready;
        var said = new List<string>();
        _process.OutputDataReceived += (_, line) =>
        {
            lock (said)
            {
                said.Add(line.Data ?? "");
            }

            if (line.Data?.Split("Embedded store on ") is [_, var store])
            {
                StoreEndpoint = store.Split(',')[0];
            }

            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException("The server ended before it was ready: " + string.Join('\n', said)));
            }
            else if (line.Data.Contains("Application started", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Ready;
    }

    /// <summary>
    /// Whether a call was cut off, as by a kill: depending on where it was the client tells a status of its own, or, of a
    /// message that it was about to send, what the connection died of.
    /// </summary>
    public static bool IsCutOff(Exception e) =>
        e is RpcException { StatusCode: StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.Internal or StatusCode.Unknown } or IOException;

    /// <summary>SIGTERM: it is to stop by itself.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process!.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits until it ends by itself.</summary>
    public async Task<int> ExitCodeAsync()
    {
        await _process!.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        _ready = NewReady();
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    public ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            Kill();
        }

        return ValueTask.CompletedTask;
    }

    private static TaskCompletionSource NewReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
