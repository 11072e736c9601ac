using System.Diagnostics;
using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

/// <summary>A redis-server of the test's own as an operator has set it up: with any settings, on a free port, in a folder of its own.</summary>
internal sealed class ConfiguredRedis : IAsyncDisposable
{
    private Process? _process;

    /// <summary>One that does not run yet.</summary>
    public ConfiguredRedis(string? folder = null) => Folder = folder ?? Directory.CreateTempSubdirectory("redis-").FullName;

    /// <summary>What it keeps.</summary>
    public string Folder { get; }

    public int Port { get; } = FreePort.Take();

    public string Endpoint => $"127.0.0.1:{Port}";

    public static async Task<ConfiguredRedis> StartAsync(params string[] settings)
    {
        var redis = new ConfiguredRedis();
        await redis.StartAgainAsync(settings);
        return redis;
    }

    /// <summary>Starts it, with other settings than before if need be.</summary>
    public async Task StartAgainAsync(params string[] settings)
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] port = settings.Contains("--port") ? [] : ["--port", $"{Port}"];
        foreach (var argument in (string[])["--bind", "127.0.0.1", .. port, "--dir", Folder, "--save", "", .. settings])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        var said = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                _ = _process.StandardOutput.ReadToEndAsync();
                return;
            }
        }

        throw new InvalidOperationException("redis-server ended before it was ready: " + string.Join(Environment.NewLine, said));
    }

    public Task<ConnectionMultiplexer> ConnectAsync(string more = "") => ConnectionMultiplexer.ConnectAsync($"{Endpoint},allowAdmin=true{more}");

    /// <summary>Kills the process as a machine that loses power would.</summary>
    public void Kill()
    {
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

        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
