using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Api;

/// <summary>Callers go away at any moment.</summary>
public sealed class HangUpTests
{
    private const int Times = 50;

    [Theory]
    [InlineData("/ridetracking.v1.DispatchService/GetTrip")]
    [InlineData("/ridetracking.v1.FleetService/WatchZoneEvents")]
    [InlineData("/ridetracking.v1.DriverService/Connect")]
    public async Task Who_hangs_up_while_the_request_is_read_is_no_error_of_the_server(string method)
    {
        await using var server = await ServerHost.StartAsync();
        using var requests = new OpenRequests(server);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        for (var i = 0; i < Times; i++)
        {
            using var hangUp = new CancellationTokenSource();
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.GrpcAddress, method))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new Unfinished(),
            };
            request.Headers.Add("authorization", server.TokenOf(Role.Service, "hanging-up").GetValue("authorization"));
            var call = http.SendAsync(request, hangUp.Token);
            await ServerHost.UntilAsync(() => requests.Count == 1);
            await hangUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            await ServerHost.UntilAsync(() => requests.Count == 0);
        }
    }

    // What reads on would read what the next call on the connection is sent: its pipe is used again.
    [Fact]
    public async Task A_stream_that_the_server_ends_is_read_no_more_when_its_call_is_over()
    {
        var ended = new EndedCalls();
        await using var server = await ServerHost.StartAsync(
            configure: (WebApplicationBuilder builder) =>
            {
                builder.Services.AddSingleton(ended);
                builder.Services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<EndedCalls.Watching>());
            },
            args: "--Streams:HangUpTimeout=00:00:00.1");
        await using var former = await DriverPhone.ConnectAsync(server, "d1");
        await using var latter = await DriverPhone.ConnectAsync(server, "d1");
        Assert.False(await ended.IsStillRead.Task.WaitAsync(TestContext.Current.CancellationToken));
    }

    private sealed class EndedCalls
    {
        /// <summary>Whether the first call that was over was still being read.</summary>
        public TaskCompletionSource<bool> IsStillRead { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public sealed class Watching(EndedCalls ended) : Interceptor
        {
            public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
                IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
                DuplexStreamingServerMethod<TRequest, TResponse> continuation)
            {
                var watched = new Watched<TRequest>(requestStream);
                try
                {
                    await continuation(watched, responseStream, context);
                }
                finally
                {
                    ended.IsStillRead.TrySetResult(watched.IsRead);
                }
            }
        }

        private sealed class Watched<T>(IAsyncStreamReader<T> requests) : IAsyncStreamReader<T>
        {
            private volatile bool _isRead;

            public bool IsRead => _isRead;

            public T Current => requests.Current;

            public async Task<bool> MoveNext(CancellationToken cancellationToken)
            {
                _isRead = true;
                try
                {
                    return await requests.MoveNext(cancellationToken);
                }
                finally
                {
                    _isRead = false;
                }
            }
        }
    }

    // A message that never comes.
    private sealed class Unfinished : HttpContent
    {
        public Unfinished() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            // So that at least the headers are sent.
            await stream.FlushAsync(cancellationToken);
            var never = new TaskCompletionSource();
            await never.Task.WaitAsync(cancellationToken);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class OpenRequests : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _count;

        public OpenRequests(ServerHost server)
        {
            var meters = server.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name == "http.server.active_requests")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, change, _, _) => Interlocked.Add(ref _count, change));
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
