using Google.Protobuf;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Wires;

/// <summary>Calls that are compared and that the contract has in another shape: a search as a stream of questions, one position asked for, a flood of answers.</summary>
internal static class WireMethods
{
    private const string Service = "ridetracking.benchmarks.Wires";

    public static readonly Method<SearchDriversRequest, SearchDriversResponse> Search = new(
        MethodType.DuplexStreaming, Service, "Search", Of(SearchDriversRequest.Parser), Of(SearchDriversResponse.Parser));

    public static readonly Method<WatchTripRequest, WatchTripResponse> Position = new(
        MethodType.Unary, Service, "Position", Of(WatchTripRequest.Parser), Of(WatchTripResponse.Parser));

    public static readonly Method<WatchTripRequest, SearchDriversResponse> Flood = new(
        MethodType.ServerStreaming, Service, "Flood", Of(WatchTripRequest.Parser), Of(SearchDriversResponse.Parser));

    /// <summary>Called by gRPC's binder.</summary>
    public static void Bind(ServiceBinderBase binder, WireServiceBase? service)
    {
        binder.AddMethod(Search, service is null ? null : service.Search);
        binder.AddMethod(Position, service is null ? null : service.Position);
        binder.AddMethod(Flood, service is null ? null : service.Flood);
    }

    private static Marshaller<T> Of<T>(MessageParser<T> parser)
        where T : IMessage<T> => Marshallers.Create(
            static (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
}

/// <summary>The shape that gRPC's binder looks for.</summary>
[BindServiceMethod(typeof(WireMethods), nameof(WireMethods.Bind))]
internal abstract class WireServiceBase
{
    public abstract Task Search(IAsyncStreamReader<SearchDriversRequest> requests, IServerStreamWriter<SearchDriversResponse> responses, ServerCallContext context);

    public abstract Task<WatchTripResponse> Position(WatchTripRequest request, ServerCallContext context);

    public abstract Task Flood(WatchTripRequest request, IServerStreamWriter<SearchDriversResponse> responses, ServerCallContext context);
}
