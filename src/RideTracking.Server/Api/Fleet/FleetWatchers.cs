using Microsoft.Extensions.Options;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Api.Fleet;

/// <summary>The watches of the fleet that are open.</summary>
internal sealed class FleetWatchers(IOptions<FleetOptions> options)
    : StreamLimit("TOO_MANY_WATCHERS", options.Value.MaxWatchers, "watches of the fleet may be open; close one first", "Fleet:MaxWatchers");
