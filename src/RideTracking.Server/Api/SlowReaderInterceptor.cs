using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Api;

/// <summary>Breaks off a watch whose caller does not read what is written to it. Drivers' streams see to that themselves, with what they still owe.</summary>
internal sealed class SlowReaderInterceptor(IOptions<ListenOptions> options, [FromKeyedServices(Clock.MachineClock)] TimeProvider machine) : Interceptor
{
    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(request, InTime(responseStream, context), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(requestStream, typeof(TResponse) == typeof(ConnectResponse) ? responseStream : InTime(responseStream, context), context);

    private InTimeWriter<T> InTime<T>(IServerStreamWriter<T> writer, ServerCallContext context) => new(writer, context, options.Value.WriteTimeout, machine);

    private sealed class InTimeWriter<T>(IServerStreamWriter<T> writer, ServerCallContext context, TimeSpan limit, TimeProvider machine) : IServerStreamWriter<T>
    {
        public WriteOptions? WriteOptions
        {
            get => writer.WriteOptions;
            set => writer.WriteOptions = value;
        }

        public Task WriteAsync(T message) => InTime(writer.WriteAsync(message));

        // A write that is cancelled half-way resets the stream, and nobody is told why it ended. One that nobody reads is broken off all the same.
        public Task WriteAsync(T message, CancellationToken cancellationToken) =>
            cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : WriteAsync(message);

        // What fits into the connection is written at once, and needs no timer.
        private Task InTime(Task write) => write.IsCompleted ? write : InTimeAsync(write);

        private async Task InTimeAsync(Task write)
        {
            try
            {
                await write.WaitAsync(limit, machine);
            }
            catch (TimeoutException)
            {
                context.GetHttpContext().Abort();
                // It ends with the call.
                await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw Refusal.Exhausted("SLOW_READER", $"A message waited longer than {limit} to be read.").ToRpcException();
            }
        }
    }
}
