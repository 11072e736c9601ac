using Grpc.Core;

namespace RideTracking.Faults.Workload;

/// <summary>Takes each call to a node of chance, as a balancer that knows nothing does.</summary>
internal sealed class AnyNode(IReadOnlyList<ChannelBase> nodes, int seed) : ChannelBase("any node")
{
    public override CallInvoker CreateCallInvoker() => new Router([.. nodes.Select(n => n.CreateCallInvoker())], new Random(seed));

    private sealed class Router(CallInvoker[] nodes, Random random) : CallInvoker
    {
        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            Next().BlockingUnaryCall(method, host, options, request);

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            Next().AsyncUnaryCall(method, host, options, request);

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            Next().AsyncServerStreamingCall(method, host, options, request);

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) =>
            Next().AsyncClientStreamingCall(method, host, options);

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) =>
            Next().AsyncDuplexStreamingCall(method, host, options);

        private CallInvoker Next()
        {
            lock (random)
            {
                return nodes[random.Next(nodes.Length)];
            }
        }
    }
}
