using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.V1;

namespace RideTracking.Client.Tests.Fixtures;

/// <summary>
/// The other side of the protocol over real HTTP/2, in the test's hands: for what the real server does only in rare
/// moments (a resend, a takeover, an answer that is lost).
/// </summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Streams _streams;

    private ScriptedServer(WebApplication app, Streams streams, GrpcChannel channel) => (_app, _streams, Channel) = (app, streams, channel);

    public GrpcChannel Channel { get; }

    public static async Task<ScriptedServer> StartAsync()
    {
        var streams = new Streams();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(streams);
        var app = builder.Build();
        app.MapGrpcService<ScriptedDrivers>();
        app.MapGrpcService<ScriptedRiders>();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new ScriptedServer(app, streams, RideTrackingChannel.Create(new Uri(address)));
    }

    /// <summary>The next stream that a driver's app opens.</summary>
    public async Task<ScriptedStream<ConnectRequest, ConnectResponse>> AcceptAsync() => await Next(_streams.Connects);

    /// <summary>The next watch that a rider's app opens.</summary>
    public async Task<ScriptedStream<WatchTripRequest, WatchTripResponse>> AcceptWatchAsync() => await Next(_streams.Watches);

    /// <summary>The next call of a rider's app for a trip.</summary>
    public async Task<ScriptedCall> AcceptRequestAsync() => await Next(_streams.Requests);

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        // Else the server would wait for the calls that a test left open.
        _streams.Over.TrySetResult();
        await _app.DisposeAsync();
    }

    private static async Task<T> Next<T>(Channel<T> accepted) => await accepted.Reader.ReadAsync(Patience.Token);

    private sealed class Streams
    {
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Channel<ScriptedStream<ConnectRequest, ConnectResponse>> Connects { get; } = System.Threading.Channels.Channel.CreateUnbounded<ScriptedStream<ConnectRequest, ConnectResponse>>();

        public Channel<ScriptedStream<WatchTripRequest, WatchTripResponse>> Watches { get; } = System.Threading.Channels.Channel.CreateUnbounded<ScriptedStream<WatchTripRequest, WatchTripResponse>>();

        public Channel<ScriptedCall> Requests { get; } = System.Threading.Channels.Channel.CreateUnbounded<ScriptedCall>();
    }

    private sealed class ScriptedDrivers(Streams streams) : DriverService.DriverServiceBase
    {
        public override async Task Connect(
            IAsyncStreamReader<ConnectRequest> requestStream, IServerStreamWriter<ConnectResponse> responseStream, ServerCallContext context)
        {
            var stream = new ScriptedStream<ConnectRequest, ConnectResponse>(requestStream, responseStream, context);
            streams.Connects.Writer.TryWrite(stream);
            await await Task.WhenAny(stream.Ended, streams.Over.Task);
        }
    }

    private sealed class ScriptedRiders(Streams streams) : RiderService.RiderServiceBase
    {
        public override async Task<RequestTripResponse> RequestTrip(RequestTripRequest request, ServerCallContext context)
        {
            var call = new ScriptedCall(request);
            streams.Requests.Writer.TryWrite(call);
            return await call.Answer.Task;
        }

        public override async Task WatchTrip(WatchTripRequest request, IServerStreamWriter<WatchTripResponse> responseStream, ServerCallContext context)
        {
            var stream = new ScriptedStream<WatchTripRequest, WatchTripResponse>(null, responseStream, context);
            streams.Watches.Writer.TryWrite(stream);
            await await Task.WhenAny(stream.Ended, streams.Over.Task);
        }
    }
}

/// <summary>A unary call that waits for the test's answer.</summary>
public sealed record ScriptedCall(RequestTripRequest Request)
{
    public TaskCompletionSource<RequestTripResponse> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A stream that the test reads, writes and ends.</summary>
public sealed class ScriptedStream<TRequest, TResponse>(IAsyncStreamReader<TRequest>? requests, IServerStreamWriter<TResponse> responses, ServerCallContext context)
    where TRequest : class
    where TResponse : class
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    public string? Authorization => context.RequestHeaders.GetValue("authorization");

    public async Task<TRequest> ReadAsync()
    {
        Assert.True(await requests!.MoveNext(Patience.Token), "The app ended the stream.");
        return requests.Current;
    }

    /// <summary>Completes when the app has ended its side.</summary>
    public async Task ReadEndAsync() => Assert.False(await requests!.MoveNext(Patience.Token), "The app sent something more.");

    public Task WriteAsync(TResponse response) => responses.WriteAsync(response, Patience.Token);

    public void End(StatusCode status = StatusCode.OK)
    {
        if (status == StatusCode.OK)
            _ended.TrySetResult();
        else
            _ended.TrySetException(new RpcException(new Status(status, "scripted")));
    }
}
