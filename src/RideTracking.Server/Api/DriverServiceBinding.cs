using System.Buffers;
using Grpc.Core;
using RideTracking.Server.Drivers;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Api;

/// <summary>
/// Binds <see cref="DriverService"/> as the generated code would, but with a reader of its own for what comes up on
/// <c>Connect</c>. The shape (a base class in a class with a descriptor) is what gRPC's binder and reflection look for.
/// </summary>
public static class DriverServiceBinding
{
    private static readonly Method<Uplink, ConnectResponse> ConnectMethod = new(
        MethodType.DuplexStreaming, DriverService.Descriptor.FullName, "Connect",
        Marshallers.Create((_, _) => throw new NotSupportedException("The server only reads these."), ReadUplink),
        Marshaller(ConnectResponse.Parser));

    private static readonly Method<ReportLocationsRequest, ReportLocationsResponse> ReportLocationsMethod = new(
        MethodType.Unary, DriverService.Descriptor.FullName, "ReportLocations",
        Marshaller(ReportLocationsRequest.Parser), Marshaller(ReportLocationsResponse.Parser));

    /// <summary>What reflection tells of the service.</summary>
    public static Google.Protobuf.Reflection.ServiceDescriptor Descriptor => DriverService.Descriptor;

    /// <summary>Called by gRPC's binder.</summary>
    public static void BindService(ServiceBinderBase binder, DriverServiceBase service)
    {
        binder.AddMethod(ConnectMethod, service is null ? null : service.Connect);
        binder.AddMethod(ReportLocationsMethod, service is null ? null : service.ReportLocations);
    }

    private static Marshaller<T> Marshaller<T>(Google.Protobuf.MessageParser<T> parser)
        where T : Google.Protobuf.IMessage<T> => Marshallers.Create<T>(
            (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                Google.Protobuf.MessageExtensions.WriteTo(message, context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    private static Uplink ReadUplink(DeserializationContext context)
    {
        var message = Uplink.Rent();
        var payload = context.PayloadAsReadOnlySequence();
        try
        {
            if (payload.IsSingleSegment)
            {
                UplinkReader.Read(payload.FirstSpan, message);
                return message;
            }

            var length = (int)payload.Length;
            var rented = ArrayPool<byte>.Shared.Rent(length);
            try
            {
                payload.CopyTo(rented);
                UplinkReader.Read(rented.AsSpan(0, length), message);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(rented);
            }

            return message;
        }
        catch (Exception e) when (e is InvalidDataException or Google.Protobuf.InvalidProtocolBufferException)
        {
            throw Refusal.NoProtobuf(nameof(ConnectRequest)).ToRpcException();
        }
    }

    /// <summary>What a driver service implements.</summary>
    [BindServiceMethod(typeof(DriverServiceBinding), nameof(BindService))]
    public abstract class DriverServiceBase
    {
        public abstract Task Connect(IAsyncStreamReader<Uplink> requestStream, IServerStreamWriter<ConnectResponse> responseStream, ServerCallContext context);

        public abstract Task<ReportLocationsResponse> ReportLocations(ReportLocationsRequest request, ServerCallContext context);
    }
}
