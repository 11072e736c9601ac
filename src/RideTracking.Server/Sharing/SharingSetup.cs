using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Sharing;

/// <summary>Wires the sharing of trips.</summary>
public static class SharingSetup
{
    /// <summary>Adds links to trips.</summary>
    public static AreaBuilder AddSharing(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<SharingOptions>("Sharing");
        services.AddSingleton<SharingMetrics>();
        services.AddSingleton<ShareLinks>();
        services.AddSingleton<ShareWatches>();
        services.AddSingleton<SharedTrips>();
        services.AddHostedService(s => s.GetRequiredService<ShareWatches>());
        area.Hear<ShareWatches>("link", (watches, change) => watches.Hear(change));
        return area.AddDoor<SharedTrips>();
    }
}
