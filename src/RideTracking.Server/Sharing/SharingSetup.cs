using RideTracking.Server.Areas;

namespace RideTracking.Server.Sharing;

/// <summary>Wires the sharing of trips.</summary>
public static class SharingSetup
{
    /// <summary>Adds links to trips.</summary>
    public static AreaBuilder AddSharing(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddOptions<SharingOptions>().BindConfiguration("Sharing").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SharingMetrics>();
        services.AddSingleton<ShareLinks>();
        services.AddSingleton<ShareWatches>();
        services.AddSingleton<SharedTrips>();
        services.AddHostedService(s => s.GetRequiredService<ShareWatches>());
        return area.AddDoor<SharedTrips>();
    }
}
