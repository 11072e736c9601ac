using System.IO.Pipelines;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace RideTracking.Server.Api;

/// <summary>
/// A caller who hangs up while its one request is read is no fault of the server's. By itself gRPC logs one, with a stack, when
/// the reset is read before the call's token tells of it. Calls that go on sending look out for it themselves.
/// </summary>
internal static class HangUps
{
    public static IApplicationBuilder UseHangUps(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Type is MethodType.Unary or MethodType.ServerStreaming)
        {
            context.Features.Set<IRequestBodyPipeFeature>(new Body(context.Request.BodyReader));
        }

        return next(context);
    });

    private sealed class Body(PipeReader reader) : PipeReader, IRequestBodyPipeFeature
    {
        public PipeReader Reader => this;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return await reader.ReadAsync(cancellationToken);
            }
            // The connection broke while it was being read.
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "The caller hung up."));
            }
        }

        public override bool TryRead(out ReadResult result) => reader.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => reader.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => reader.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => reader.CancelPendingRead();

        public override void Complete(Exception? exception = null) => reader.Complete(exception);
    }
}
