using Grpc.Core;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Ends the drivers' streams when the server stops: everything received is written and acknowledged, the apps are told
/// when to come back, and only then does the process end.
/// </summary>
internal sealed partial class Draining(DriverSessions sessions, FixLog log, StreamServices services, ILogger<Draining> logger)
    : IHostedLifecycleService
{
    private volatile bool _begun;

    /// <summary>Whether the server is going down.</summary>
    public bool HasBegun => _begun;

    /// <exception cref="RpcException">UNAVAILABLE with RetryInfo, when the server is going down.</exception>
    public void RequireOpen()
    {
        if (_begun)
        {
            throw Refused().ToRpcException();
        }
    }

    /// <summary>Before anything else stops; Kestrel then waits for the streams to end.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => DrainAsync();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Called as the server begins to stop; Kestrel then waits for the streams to end.</summary>
    internal async Task DrainAsync()
    {
        _begun = true;
        var open = sessions.Count;
        using var limit = new CancellationTokenSource(services.Options.DrainTimeout, services.Clock.Machine);
        try
        {
            await log.FlushAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            LogNotAllWritten();
        }

        foreach (var session in sessions.Streams)
        {
            Close(session);
        }

        LogDrained(open);
    }

    /// <summary>Ends one stream because the server is going down.</summary>
    internal void Close(StreamSession session) =>
        session.Down.Close(StreamClosingReason.Draining, Refused(), services.Options.ReconnectDelay);

    private Google.Rpc.Status Refused() =>
        Refusal.Unavailable("DRAINING", "This server is going down.", services.Options.ReconnectDelay);

    [LoggerMessage(LogLevel.Warning, "The store did not take all fixes before the end; they are not acknowledged, and the apps send them again")]
    private partial void LogNotAllWritten();

    [LoggerMessage(LogLevel.Information, "Drained {Streams} drivers' streams")]
    private partial void LogDrained(int streams);
}
