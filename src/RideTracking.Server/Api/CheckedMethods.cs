using System.Reflection;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Api;

/// <summary>
/// Binds a service's methods as gRPC does by itself, but for how requests are read: what is no message, or breaks the rules of
/// a well-known type, is the caller's fault and told as INVALID_ARGUMENT. By itself gRPC answers UNKNOWN, and writes an error
/// with its stack into the log for whoever sends rubbish.
/// </summary>
/// <typeparam name="TService">The service, which overrides the methods of its generated base.</typeparam>
internal sealed class CheckedMethods<TService> : IServiceMethodProvider<TService>
    where TService : class
{
    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context)
    {
        for (var type = typeof(TService); type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } generated)
            {
                var bind = generated.BindType.GetMethod(
                    generated.BindMethodName, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static, [typeof(ServiceBinderBase), type])!;
                bind.Invoke(null, [new Binder(context), null]);
                return;
            }
        }
    }

    private sealed class Binder(ServiceMethodProviderContext<TService> context) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
            context.AddUnaryMethod(
                Checked(method), Metadata(),
                Open<UnaryServerMethod<TService, TRequest, TResponse>>(method, typeof(TRequest), typeof(ServerCallContext)));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddClientStreamingMethod(
                Checked(method), Metadata(),
                Open<ClientStreamingServerMethod<TService, TRequest, TResponse>>(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext)));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddServerStreamingMethod(
                Checked(method), Metadata(),
                Open<ServerStreamingServerMethod<TService, TRequest, TResponse>>(
                    method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddDuplexStreamingMethod(
                Checked(method), Metadata(),
                Open<DuplexStreamingServerMethod<TService, TRequest, TResponse>>(
                    method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)));

        // As gRPC's own binder: a browser's preflight is let through to it.
        private static List<object> Metadata() => [new HttpMethodMetadata(["POST"], acceptCorsPreflight: true)];

        private static TDelegate Open<TDelegate>(IMethod method, params Type[] parameters)
            where TDelegate : Delegate => typeof(TService).GetMethod(method.Name, parameters)!.CreateDelegate<TDelegate>();

        private static Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method)
            where TRequest : class
            where TResponse : class
        {
            var read = method.RequestMarshaller.ContextualDeserializer;
            var requests = Marshallers.Create(method.RequestMarshaller.ContextualSerializer, context => Read(read, context));
            return new Method<TRequest, TResponse>(method.Type, method.ServiceName, method.Name, requests, method.ResponseMarshaller);
        }

        private static TRequest Read<TRequest>(Func<DeserializationContext, TRequest> read, DeserializationContext context)
        {
            TRequest request;
            try
            {
                request = read(context);
            }
            catch (InvalidProtocolBufferException)
            {
                throw Refusal.NoProtobuf(typeof(TRequest).Name).ToRpcException();
            }

            if (request is IMessage message)
            {
                var check = new RequestCheck();
                WellKnownTypes.Check(check, message);
                check.Pass();
            }

            return request;
        }
    }
}
