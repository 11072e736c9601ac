using Grpc.Core;

namespace RideTracking.Server.Access;

/// <summary>A call that is also cancelled when its token ends; all else is the call's own.</summary>
internal sealed class ExpiringCallContext : ServerCallContext
{
    private readonly ServerCallContext _call;
    private readonly CancellationToken _cancellation;

    public ExpiringCallContext(ServerCallContext call, CancellationToken cancellation)
    {
        _call = call;
        _cancellation = cancellation;
        // Where GetHttpContext looks when the context is not grpc-dotnet's own.
        call.UserState["__HttpContext"] = call.GetHttpContext();
    }

    protected override string MethodCore => _call.Method;

    protected override string HostCore => _call.Host;

    protected override string PeerCore => _call.Peer;

    protected override DateTime DeadlineCore => _call.Deadline;

    protected override Metadata RequestHeadersCore => _call.RequestHeaders;

    protected override CancellationToken CancellationTokenCore => _cancellation;

    protected override Metadata ResponseTrailersCore => _call.ResponseTrailers;

    protected override AuthContext AuthContextCore => _call.AuthContext;

    protected override IDictionary<object, object> UserStateCore => _call.UserState;

    protected override Status StatusCore
    {
        get => _call.Status;
        set => _call.Status = value;
    }

    protected override WriteOptions? WriteOptionsCore
    {
        get => _call.WriteOptions;
        set => _call.WriteOptions = value;
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        _call.CreatePropagationToken(options);

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) =>
        _call.WriteResponseHeadersAsync(responseHeaders);
}
