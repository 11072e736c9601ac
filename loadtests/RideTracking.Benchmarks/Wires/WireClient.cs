using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Wires;

/// <summary>Does one call and tells the bytes of its two bodies.</summary>
internal delegate Task<(int Up, int Down)> Call();

/// <summary>
/// An app, or many behind one connection pool, that calls the same service over any wire. Every request that has headers carries a bearer token, as
/// long as those of identity providers are; a stream and a socket send it once.
/// </summary>
internal sealed class WireClient : IAsyncDisposable
{
    /// <summary>What stands in the header.</summary>
    public static readonly string Token = "Bearer " + string.Concat(Enumerable.Range(0, 20).Select(i => Convert.ToBase64String(Encoding.ASCII.GetBytes($"claim-{i:d4}-of-one-caller"))));

    private readonly Traffic _traffic;
    private readonly GrpcChannel _channel;
    private readonly HttpClient _http;
    private readonly HttpMessageInvoker _invoker;
    private readonly Uri _web;
    private readonly Metadata _headers = new() { { "authorization", Token } };
    private readonly List<IDisposable> _open = [];

    public WireClient(WireProcess server, Traffic traffic)
    {
        _traffic = traffic;
        _web = server.Web;
        _channel = GrpcChannel.ForAddress(server.Grpc, new GrpcChannelOptions { HttpHandler = traffic.Handler(), DisposeHttpClient = true, MaxReceiveMessageSize = null });
        _http = new HttpClient(traffic.Handler()) { DefaultRequestHeaders = { Authorization = AuthenticationHeaderValue.Parse(Token) } };
        _invoker = new HttpMessageInvoker(traffic.Handler());
        (RestOverHttp1, RestOverHttp2) = (new Uri(server.Web, "/"), new Uri(server.Grpc, "/"));
    }

    /// <summary>How a token is as long as it is.</summary>
    public static int TokenBytes => Token.Length;

    public Uri RestOverHttp1 { get; }

    public Uri RestOverHttp2 { get; }

    private CallInvoker Grpc => _channel.CreateCallInvoker();

    public Call GrpcUnary<TRequest, TResponse>(Func<TRequest> next, Func<TRequest, Metadata, AsyncUnaryCall<TResponse>> call)
        where TRequest : IMessage
        where TResponse : IMessage => async () =>
        {
            var request = next();
            var response = await call(request, _headers);
            return (request.CalculateSize(), response.CalculateSize());
        };

    /// <summary>The same by a method, and what is done with the answer.</summary>
    public Call GrpcUnary<TRequest, TResponse>(Func<TRequest> next, Method<TRequest, TResponse> method, Action<TResponse> read)
        where TRequest : class, IMessage
        where TResponse : class, IMessage => async () =>
        {
            var request = next();
            var response = await Grpc.AsyncUnaryCall(method, null, new CallOptions(_headers), request);
            read(response);
            return (request.CalculateSize(), response.CalculateSize());
        };

    public DispatchService.DispatchServiceClient Dispatch() => new(_channel);

    public DriverService.DriverServiceClient Driver() => new(_channel);

    public RiderService.RiderServiceClient Rider() => new(_channel);

    public Metadata Headers => _headers;

    /// <summary>A stream of questions and answers.</summary>
    public Call GrpcStream<TRequest, TResponse>(Func<TRequest> next, AsyncDuplexStreamingCall<TRequest, TResponse> call)
        where TRequest : IMessage
        where TResponse : IMessage
    {
        lock (_open)
        {
            _open.Add(call);
        }

        return async () =>
        {
            var request = next();
            await call.RequestStream.WriteAsync(request);
            if (!await call.ResponseStream.MoveNext(default))
            {
                throw new IOException("The stream has ended.");
            }

            return (request.CalculateSize(), call.ResponseStream.Current.CalculateSize());
        };
    }

    public AsyncDuplexStreamingCall<TRequest, TResponse> Open<TRequest, TResponse>(Method<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class => Grpc.AsyncDuplexStreamingCall(method, null, new CallOptions(_headers));

    public AsyncServerStreamingCall<TResponse> Open<TRequest, TResponse>(Method<TRequest, TResponse> method, TRequest request)
        where TRequest : class
        where TResponse : class => Grpc.AsyncServerStreamingCall(method, null, new CallOptions(_headers), request);

    /// <summary>A body of any kind posted, and the answer read.</summary>
    /// <param name="at">Over which version of HTTP: one of the two addresses.</param>
    /// <param name="path">Where.</param>
    /// <param name="next">The next body.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="contentType">What the body is.</param>
    public Call Post(Uri at, string path, Func<byte[]> next, Func<byte[], object?> read, string contentType = "application/json") => async () =>
    {
        var body = next();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(at, path))
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } },
        };
        return (body.Length, await SendAsync(at, request, read));
    };

    /// <summary>An answer fetched.</summary>
    public Func<Task<byte[]>> Get(Uri at, string path) => async () =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(at, path));
        byte[] answer = [];
        await SendAsync(at, request, bytes => answer = bytes);
        return answer;
    };

    /// <summary>A socket of its own.</summary>
    public async Task<ClientWebSocket> SocketAsync(string path)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("authorization", Token);
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await socket.ConnectAsync(new UriBuilder(new Uri(_web, path)) { Scheme = "ws" }.Uri, _invoker, default);
        lock (_open)
        {
            _open.Add(socket);
        }

        return socket;
    }

    /// <summary>Questions and answers over a socket.</summary>
    public static Call Over(ClientWebSocket socket, Func<SocketCall> next, Func<byte[], object?> read)
    {
        var buffer = new byte[16 << 10];
        return async () =>
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(next(), PlainJson.Default.SocketCall);
            await socket.SendAsync(body.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, default);
            var answer = await socket.ReceiveAsync(buffer.AsMemory(), default);
            read(buffer[..answer.Count]);
            return (body.Length, answer.Count);
        };
    }

    public ValueTask DisposeAsync()
    {
        _open.ForEach(open => open.Dispose());
        _http.Dispose();
        _invoker.Dispose();
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<int> SendAsync(Uri at, HttpRequestMessage request, Func<byte[], object?> read)
    {
        request.Version = at == RestOverHttp2 ? HttpVersion.Version20 : HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadAsByteArrayAsync();
        read(answer);
        return answer.Length;
    }
}
