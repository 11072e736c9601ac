using System.Globalization;
using RideTracking.Benchmarks.Processes;

namespace RideTracking.Benchmarks.Wires;

/// <summary>The server that has the service on all wires.</summary>
internal sealed class WireProcess(ChildProcess process, int grpcPort, int webPort) : IAsyncDisposable
{
    private readonly HttpClient _http = new();

    public Uri Grpc { get; } = new($"http://127.0.0.1:{grpcPort}");

    public Uri Web { get; } = new($"http://127.0.0.1:{webPort}");

    public int GrpcPort => grpcPort;

    public TimeSpan CpuTime => process.CpuTime;

    public static async Task<WireProcess> StartAsync()
    {
        var (grpc, web) = (ChildProcess.FreePort(), ChildProcess.FreePort());
        var process = await ChildProcess.StartAsync(
            "dotnet", "Application started", Path.Combine(AppContext.BaseDirectory, "RideTracking.Benchmarks.dll"), WireServer.Verb, $"{grpc}", $"{web}");
        return new WireProcess(process, grpc, web);
    }

    /// <summary>Bytes that it has allocated since it began.</summary>
    public Task<long> AllocatedAsync() => NumberAsync("/allocated");

    /// <summary>Bytes of messages that its floods have handed to the network.</summary>
    public Task<long> PouredAsync() => NumberAsync("/poured");

    /// <summary>Memory that is resident once everything that can be is given back.</summary>
    public async Task<long> SweptResidentAsync()
    {
        await _http.GetStringAsync(new Uri(Web, "/swept"));
        return process.ResidentBytes;
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return process.DisposeAsync();
    }

    private async Task<long> NumberAsync(string path) => long.Parse(await _http.GetStringAsync(new Uri(Web, path)), CultureInfo.InvariantCulture);
}
