using Grpc.Core;
using Grpc.Core.Interceptors;

namespace RideTracking.Server.Access;

/// <summary>
/// Lets a call through when its token is valid and <see cref="AccessRules"/> names its role; the handler then finds
/// <see cref="CallerOfCall.Caller"/>. A stream ends when its token does, whatever its handler is waiting for. The
/// driver's stream ends itself, since its token can be refreshed on the open stream.
/// </summary>
public sealed class AccessInterceptor(Admission admission, TokenValidator tokens) : Interceptor
{
    private static readonly string DriverStream = $"/{V1.DriverService.Descriptor.FullName}/Connect";

    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context);
        return await continuation(request, context);
    }

    /// <inheritdoc/>
    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context);
        return await continuation(requestStream, context);
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        var caller = await AdmitAsync(context);
        await UntilExpiryAsync(caller, context, until => continuation(request, responseStream, until));
    }

    /// <inheritdoc/>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        var caller = await AdmitAsync(context);
        if (context.Method == DriverStream)
        {
            await continuation(requestStream, responseStream, context);
            return;
        }

        await UntilExpiryAsync(caller, context, until => continuation(requestStream, responseStream, until));
    }

    private async Task UntilExpiryAsync(Caller? caller, ServerCallContext context, Func<ServerCallContext, Task> serve)
    {
        if (caller is null)
        {
            await serve(context);
            return;
        }

        using var expiry = tokens.CancelAtExpiry(caller);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, context.CancellationToken);
        try
        {
            await serve(new ExpiringCallContext(context, either.Token));
        }
        catch (Exception) when (Expired())
        {
            // What the handler threw is how it happened to notice; the caller is told the cause below.
        }

        if (Expired())
        {
            throw TokenValidator.Expired.ToRpcException();
        }

        bool Expired() => expiry.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested;
    }

    private async ValueTask<Caller?> AdmitAsync(ServerCallContext context)
    {
        var (caller, refusal) = await admission.OfAsync(context.Method, context.GetHttpContext().Request, context.CancellationToken);
        if (refusal is not null)
        {
            throw refusal.ToRpcException();
        }

        if (caller is not null)
        {
            context.SetCaller(caller);
        }

        return caller;
    }
}
