using Grpc.Core;
using Grpc.Core.Interceptors;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Access;

/// <summary>
/// Lets a call through when its token is valid and <see cref="AccessRules"/> names its role; the handler then finds
/// <see cref="CallerOfCall.Caller"/>. A stream ends when its token does, whatever its handler is waiting for. The
/// driver's stream ends itself, since its token can be refreshed on the open stream.
/// </summary>
public sealed class AccessInterceptor(TokenValidator tokens) : Interceptor
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
        if (!AccessRules.TryGetRoles(context.Method, out var roles))
        {
            throw Refusal.PermissionDenied("NO_ACCESS_RULE", $"No rule lets anybody call {context.Method}.", ("method", context.Method)).ToRpcException();
        }

        if (roles == AccessRules.Anybody)
        {
            return null;
        }

        if (!BearerToken.TryRead(context.GetHttpContext().Request, out var token))
        {
            throw Refusal.Unauthenticated("TOKEN_MISSING", "This call needs the metadata `authorization: Bearer <token>`, once.").ToRpcException();
        }

        var verdict = await tokens.ValidateAsync(token, context.CancellationToken);
        if (verdict.Caller is not { } caller)
        {
            throw verdict.Refusal!.ToRpcException();
        }

        if ((caller.Role & roles) == Role.None)
        {
            throw Refusal.PermissionDenied(
                "ROLE_NOT_ALLOWED",
                $"{context.Method} is not for the role {caller.Role}; it is for {roles}.",
                ("method", context.Method), ("role", caller.Role.ToString()), ("allowed_roles", roles.ToString())).ToRpcException();
        }

        context.SetCaller(caller);
        return caller;
    }
}
