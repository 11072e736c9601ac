namespace RideTracking.Benchmarks.Processes;

/// <summary>A redis-server of the benchmark's own, in memory only.</summary>
internal sealed class RedisServer(ChildProcess process, int port) : IAsyncDisposable
{
    public string Endpoint => $"127.0.0.1:{port}";

    /// <summary>User and system time so far.</summary>
    public TimeSpan CpuTime => process.CpuTime;

    public static async Task<RedisServer> StartAsync()
    {
        var port = ChildProcess.FreePort();
        var process = await ChildProcess.StartAsync(
            "redis-server", "Ready to accept connections",
            "--bind", "127.0.0.1", "--port", $"{port}", "--save", "", "--appendonly", "no", "--maxmemory", "16gb", "--maxmemory-policy", "noeviction");
        return new RedisServer(process, port);
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
