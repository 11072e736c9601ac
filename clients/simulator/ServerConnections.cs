using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Client;

namespace RideTracking.Simulator;

/// <summary>The network connections to a server's nodes, shared by many streams: each node has as many.</summary>
internal sealed class ServerConnections(Uri[] servers, int count, Func<CancellationToken, ValueTask<string>>? tokenSource) : IDisposable
{
    private readonly GrpcChannel[] _channels = [.. Enumerable.Range(0, Math.Max(count, servers.Length)).Select(i => RideTrackingChannel.Create([.. servers[(i % servers.Length)..], .. servers[..(i % servers.Length)]]))];
    private int _next;

    public string Servers => string.Join(", ", servers.Select(s => s.ToString()));

    public Func<CancellationToken, ValueTask<string>>? TokenSource => tokenSource;

    /// <summary>The channel for one more stream: each in turn.</summary>
    public GrpcChannel Next() => _channels[(uint)Interlocked.Increment(ref _next) % _channels.Length];

    /// <summary>A call that is made again until the server, which may not have started yet, answers it.</summary>
    /// <exception cref="RpcException">Refused.</exception>
    public async Task CallAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, Random random, TimeProvider time, CancellationToken ct)
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2), random);
        while (true)
        {
            try
            {
                await AskAsync(call, ct);
                return;
            }
            catch (Exception e) when (e is RpcException { StatusCode: StatusCode.Unavailable } or FileNotFoundException or DirectoryNotFoundException)
            {
                // The server, or the token file that it writes, is not there yet.
                await Task.Delay(backoff.Next(), time, ct);
            }
        }
    }

    /// <summary>A call that is made once.</summary>
    /// <exception cref="RpcException">Refused, or the server is not there.</exception>
    public async Task<T> AskAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken ct)
    {
        using var running = call(await CallOptionsAsync(ct));
        return await running;
    }

    private async ValueTask<CallOptions> CallOptionsAsync(CancellationToken ct)
    {
        var headers = new Metadata();
        if (tokenSource is not null)
            headers.Add("authorization", "Bearer " + await tokenSource(ct));
        return new CallOptions(headers, cancellationToken: ct);
    }

    public void Dispose()
    {
        foreach (var channel in _channels)
            channel.Dispose();
    }
}
