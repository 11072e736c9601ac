using Grpc.Core;
using Grpc.Core.Interceptors;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;

namespace RideTracking.Server.Api;

/// <summary>Turns a store that is away or refuses into UNAVAILABLE with the time to try again, whichever call met it.</summary>
public sealed class StoreFailureInterceptor : Interceptor
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            throw Unavailable();
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            throw Unavailable();
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            throw Unavailable();
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            throw Unavailable();
        }
    }

    private static RpcException Unavailable() =>
        Refusal.Unavailable("STORE_UNAVAILABLE", "The store takes nothing just now; nothing was changed or the change is safe to repeat.", RetryAfter).ToRpcException();
}
