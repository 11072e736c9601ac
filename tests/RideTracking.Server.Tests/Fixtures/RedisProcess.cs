using System.Diagnostics;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>A redis-server of the test's own, on a free port of 127.0.0.1; can be killed and started again.</summary>
public sealed class RedisProcess : IAsyncDisposable
{
    private readonly bool _durable;
    private readonly string _folder = Directory.CreateTempSubdirectory("redis-").FullName;
    private Process? _process;

    private RedisProcess(bool durable) => _durable = durable;

    public int Port { get; } = FreePort.Take();

    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>Starts a server; with <paramref name="durable"/>, one that writes each command to disk before it answers.</summary>
    public static async Task<RedisProcess> StartAsync(bool durable = false)
    {
        var redis = new RedisProcess(durable);
        await redis.StartAgainAsync();
        return redis;
    }

    /// <summary>Kills the process as a machine that loses power would.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[]
        {
            "--bind", "127.0.0.1", "--port", $"{Port}", "--dir", _folder, "--save", "",
            "--appendonly", _durable ? "yes" : "no", "--appendfsync", "always",
        })
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        string? line;
        do
        {
            line = await _process.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException("redis-server ended before it was ready: " + await _process.StandardError.ReadToEndAsync());
        }
        while (!line.Contains("Ready to accept connections", StringComparison.Ordinal));
        _ = _process.StandardOutput.ReadToEndAsync();
    }

    public async Task<ConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync($"{Endpoint},allowAdmin=true");

    public ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            Kill();
        }

        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
