using System.Globalization;
using System.Text.RegularExpressions;

namespace RideTracking.Benchmarks.Processes;

/// <summary>A server that drivers connect to: the real one, or the bare one that it is compared with.</summary>
internal sealed partial class DriverServer(string name, ChildProcess process, int port, string token, string? folder, ulong maxUnacknowledged) : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    public string Name => name;

    public ChildProcess Process => process;

    public int Port => port;

    /// <summary>Where it tells its metrics; 0 for the bare one, which tells none.</summary>
    public int ManagementPort { get; private init; }

    /// <summary>Bearer token that may act for every driver; the bare server does not look at it.</summary>
    public string Token => token;

    /// <summary>
    /// Fixes that an app keeps until they are acknowledged, and beyond which it sends no more: what the server may hold
    /// for its store is bounded too, and past that bound it would ask for fixes again. Endless for a server that only
    /// acknowledges when asked.
    /// </summary>
    public ulong MaxUnacknowledged => maxUnacknowledged;

    /// <summary>The whole server as it is, on a store of its own.</summary>
    public static async Task<DriverServer> StartRealAsync(RedisServer redis, params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("ride-tracking-bench-").FullName;
        return await StartInAsync(folder, ownsFolder: true, redis, arguments);
    }

    /// <summary>The whole server as one of several nodes: they share a store, and a folder, so that each believes the same tokens.</summary>
    public static Task<DriverServer> StartNodeAsync(string folder, RedisServer redis, params string[] arguments) =>
        StartInAsync(folder, ownsFolder: false, redis, arguments);

    private static async Task<DriverServer> StartInAsync(string folder, bool ownsFolder, RedisServer redis, string[] arguments)
    {
        var (port, management) = (ChildProcess.FreePort(), ChildProcess.FreePort());
        var process = await ChildProcess.StartAsync(
            "dotnet", "Application started",
            [
                Path.Combine(AppContext.BaseDirectory, "RideTracking.Server.dll"),
                "--environment", "Development", "--redis", redis.Endpoint, "--data", folder,
                "--grpc-port", $"{port}", "--web-port", "0", "--management-port", $"{management}", .. arguments,
            ]);
        var token = await File.ReadAllTextAsync(Path.Combine(folder, "dev-service.token"));
        return new DriverServer("whole server", process, port, token.Trim(), ownsFolder ? folder : null, maxUnacknowledged: 500) { ManagementPort = management };
    }

    /// <summary>An empty handler under grpc-dotnet, with the same token sent to it.</summary>
    public static async Task<DriverServer> StartBareAsync(string token)
    {
        var port = ChildProcess.FreePort();
        var process = await ChildProcess.StartAsync(
            "dotnet", "Application started", Path.Combine(AppContext.BaseDirectory, "RideTracking.Benchmarks.dll"), BareServer.Verb, $"{port}");
        return new DriverServer("empty handler", process, port, token, null, ulong.MaxValue);
    }

    /// <summary>What one of its metrics says, over all tags but those named.</summary>
    /// <param name="metric">As Prometheus names it.</param>
    /// <param name="tags">What must stand in its tags, such as <c>stream="driver"</c>.</param>
    public async Task<double> MetricAsync(string metric, string tags = "") =>
        Samples().Matches(await Http.GetStringAsync(new Uri($"http://127.0.0.1:{ManagementPort}/metrics")))
            .Where(m => m.Groups[1].Value == metric && m.Groups[2].Value.Contains(tags, StringComparison.Ordinal))
            .Sum(m => double.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex("^([a-z_]+)(\\{.*\\})? (\\S+)( \\d+)?$", RegexOptions.Multiline)]
    private static partial Regex Samples();

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        if (folder is not null)
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
