using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Telemetry;
using RideTracking.V1;

namespace RideTracking.Server.Api.Fleet;

/// <summary>The streams of <c>WatchFleet</c> that are open in one area. Thread-safe.</summary>
internal sealed class FleetWatches(
    Area area, CityFleet fleet, FleetTotals totals, FleetWatchers watchers, FleetMetrics metrics, FollowerMetrics followers, WatchStreams streams,
    IOptions<FleetOptions> options)
{
    /// <summary>Shows the fleet until the caller, or the server, has enough.</summary>
    public async Task RunAsync(WatchFleetRequest request, IServerStreamWriter<WatchFleetResponse> stream, ServerCallContext context)
    {
        var asked = FleetWatchRequest.From(request, options.Value);
        using var place = watchers.Enter();
        await streams.RunAsync(
            StreamKind.Fleet, context,
            cancellation => new FleetWatch(fleet, totals, metrics, followers, area.Clock, options.Value).RunAsync(asked, stream, cancellation));
    }
}
