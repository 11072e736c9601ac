using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Api;

/// <summary>The driver apps' service: one stream in, one stream out. A stream is bound to the driver's area by its hello.</summary>
public sealed class DriverEndpoint(AreaSet areas) : DriverServiceBinding.DriverServiceBase
{
    /// <inheritdoc/>
    public override async Task Connect(
        IAsyncStreamReader<Uplink> requestStream, IServerStreamWriter<ConnectResponse> responseStream, ServerCallContext context)
    {
        var hello = await areas.Home.Drivers.ReadHelloAsync(requestStream, context.CancellationToken);
        await areas.OfDriver(hello.DriverId).Drivers.ConnectAsync(hello, requestStream, responseStream, context);
    }

    /// <inheritdoc/>
    public override Task<ReportLocationsResponse> ReportLocations(ReportLocationsRequest request, ServerCallContext context)
    {
        ExternalId.Require("driver_id", request.DriverId);
        ExternalId.Require("session_id", request.SessionId);
        context.Caller().RequireDriver(request.DriverId);
        return areas.OfDriver(request.DriverId).Drivers.ReportAsync(request, context);
    }
}
