using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>
/// One channel to the server, and all that a program does over it: the backend's calls, and connections for drivers and riders. Thread-safe; one
/// for each program. See <see cref="RideTrackingClientSetup"/>.
/// </summary>
public sealed class RideTrackingClient : IAsyncDisposable
{
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;

    /// <param name="options">Where the server is.</param>
    /// <param name="loggers">Takes what connections say; null for nobody.</param>
    /// <param name="timeProvider">The clock and timers of connections; the system's when null.</param>
    public RideTrackingClient(IOptions<RideTrackingClientOptions> options, ILoggerFactory? loggers = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_loggers, _time) = (loggers ?? NullLoggerFactory.Instance, timeProvider ?? TimeProvider.System);
        Channel = RideTrackingChannel.Create([.. options.Value.Addresses]);
        var calls = options.Value.TokenSource is { } source ? Channel.Intercept(new TokenOfEachCall(source)) : Channel.CreateCallInvoker();
        Dispatch = new DispatchService.DispatchServiceClient(calls);
        Directory = new DirectoryService.DirectoryServiceClient(calls);
        Fleet = new FleetService.FleetServiceClient(calls);
    }

    /// <summary>The channel itself, for generated clients with other tokens.</summary>
    public GrpcChannel Channel { get; }

    /// <summary>Trips, drivers and incidents, for the company's backend; with the token of the options.</summary>
    public DispatchService.DispatchServiceClient Dispatch { get; }

    /// <summary>Drivers, vehicles and riders, for the company's backend; with the token of the options.</summary>
    public DirectoryService.DirectoryServiceClient Directory { get; }

    /// <summary>The fleet and its zones, for ops; with the token of the options.</summary>
    public FleetService.FleetServiceClient Fleet { get; }

    /// <summary>A driver's connection over this channel; it logs by this client's loggers unless its options have one.</summary>
    public DriverConnection Driver(OfflineBuffer buffer, DriverConnectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Logger ??= _loggers.CreateLogger<DriverConnection>();
        return new DriverConnection(Channel, buffer, options, _time);
    }

    /// <summary>A rider's connection over this channel; it logs by this client's loggers unless its options have one.</summary>
    public RiderConnection Rider(RiderConnectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Logger ??= _loggers.CreateLogger<RiderConnection>();
        return new RiderConnection(Channel, options, _time);
    }

    /// <summary>Closes the channel; calls and streams that are open end with CANCELLED. Connections are to be ended before.</summary>
    public async ValueTask DisposeAsync()
    {
        await Channel.ShutdownAsync();
        Channel.Dispose();
    }

    private sealed class TokenOfEachCall(Func<CancellationToken, ValueTask<string>> source) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
            continuation(request, WithToken(context));

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) =>
            continuation(request, WithToken(context));

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation) =>
            continuation(WithToken(context));

        // Call credentials are asked for while the call is made, without blocking; without TLS they must be allowed by name.
        private ClientInterceptorContext<TRequest, TResponse> WithToken<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
            where TRequest : class
            where TResponse : class =>
            new(context.Method, context.Host, context.Options.WithCredentials(CallCredentials.FromInterceptor(
                async (call, metadata) => metadata.Add("authorization", $"Bearer {await source(call.CancellationToken)}"))));
    }
}
