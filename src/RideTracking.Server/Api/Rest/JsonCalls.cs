using System.Globalization;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Api.Rest;

/// <summary>What a call in JSON has that gRPC's binder does for the others: the rules of well-known types, and when to come again as HTTP says it.</summary>
internal sealed class JsonCalls : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (!IsJson(context))
        {
            return await continuation(request, context);
        }

        try
        {
            Check(request);
            return await continuation(request, context);
        }
        catch (RpcException e)
        {
            TellWhen(context, e);
            throw;
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        if (!IsJson(context))
        {
            await continuation(request, responseStream, context);
            return;
        }

        try
        {
            Check(request);
            await continuation(request, responseStream, context);
        }
        catch (RpcException e)
        {
            TellWhen(context, e);
            throw;
        }
    }

    private static bool IsJson(ServerCallContext context) =>
        context.GetHttpContext().GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>() is not null;

    private static void Check<TRequest>(TRequest request)
    {
        var check = new RequestCheck();
        WellKnownTypes.Check(check, (IMessage)request!);
        check.Pass();
    }

    private static void TellWhen(ServerCallContext context, RpcException refusal)
    {
        var response = context.GetHttpContext().Response;
        if (!response.HasStarted && refusal.GetRpcStatus()?.GetDetail<RetryInfo>() is { } retry)
        {
            response.Headers.RetryAfter = Math.Ceiling(retry.RetryDelay.ToTimeSpan().TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }
    }
}
