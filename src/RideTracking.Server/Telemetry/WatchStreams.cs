using Grpc.Core;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Telemetry;

/// <summary>Runs the streams that somebody watches: counted while they are open, ended when the server goes down.</summary>
internal sealed class WatchStreams(StreamMetrics metrics, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan RetryAfterDrain = TimeSpan.FromSeconds(1);

    /// <summary>Runs a stream to its end.</summary>
    /// <param name="kind">What it is counted as.</param>
    /// <param name="context">The call.</param>
    /// <param name="watch">Writes the stream until it is cancelled, or there is no more to write.</param>
    /// <param name="done">What it is counted as when there is no more to write; a constant.</param>
    /// <exception cref="RpcException">What <paramref name="watch"/> refuses; UNAVAILABLE when the server goes down.</exception>
    public async Task RunAsync(StreamKind kind, ServerCallContext context, Func<CancellationToken, Task> watch, string done = "done")
    {
        metrics.Opened(kind);
        var closed = "fault";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await watch(end.Token);
            closed = done;
        }
        catch (RpcException e)
        {
            closed = e.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason.ToLowerInvariant() ?? "refused";
            throw;
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            // What was thrown is how the writer noticed that nobody reads any more.
            closed = "client";
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            closed = "draining";
            throw Refusal.Unavailable("DRAINING", "The server is going down; connect again.", RetryAfterDrain).ToRpcException();
        }
        finally
        {
            metrics.Closed(kind, closed);
        }
    }
}
