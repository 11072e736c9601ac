using Grpc.Core;
using Grpc.Core.Interceptors;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>Takes each call to the node that serves its service; before and after it every node has taken in what the others have committed.</summary>
/// <param name="nodes">The city's.</param>
/// <param name="channels">To a node.</param>
internal sealed class SpreadChannel(SpreadNodes nodes, Func<ServerHost, ChannelBase> channels) : ChannelBase("spread")
{
    public override CallInvoker CreateCallInvoker() => new Router(nodes, channels).Intercept(new Settling(nodes));

    private sealed class Router(SpreadNodes nodes, Func<ServerHost, ChannelBase> channels) : CallInvoker
    {
        private readonly Dictionary<ServerHost, CallInvoker> _invokers = [];

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            To(method).BlockingUnaryCall(method, host, options, request);

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            To(method).AsyncUnaryCall(method, host, options, request);

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            To(method).AsyncServerStreamingCall(method, host, options, request);

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) =>
            To(method).AsyncClientStreamingCall(method, host, options);

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) =>
            To(method).AsyncDuplexStreamingCall(method, host, options);

        private CallInvoker To(IMethod method)
        {
            var node = nodes.NodeOf(method.ServiceName);
            lock (_invokers)
            {
                return _invokers.TryGetValue(node, out var invoker) ? invoker : _invokers[node] = channels(node).CreateCallInvoker();
            }
        }
    }

    // A call begins where it is made, so what comes before it is waited for there.
    private sealed class Settling(SpreadNodes nodes) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            Settle();
            var call = continuation(request, context);
            return new AsyncUnaryCall<TResponse>(SettledAsync(call.ResponseAsync), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
        }

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            Settle();
            return continuation(request, context);
        }

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            Settle();
            return continuation(context);
        }

        private async Task<TResponse> SettledAsync<TResponse>(Task<TResponse> response)
        {
            try
            {
                return await response;
            }
            finally
            {
                await nodes.SettleAsync();
            }
        }

        private void Settle() => Task.Run(nodes.SettleAsync).GetAwaiter().GetResult();
    }
}
