using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Nearby;

/// <summary>Wires the free cars that riders see.</summary>
public static class NearbySetup
{
    /// <summary>Adds the cars as they are shown, and how many may look.</summary>
    public static AreaBuilder AddNearby(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<NearbyOptions>("Nearby");
        services.AddSingleton<NearbyMetrics>();
        services.AddSingleton<NearbyLimits>();
        services.AddSingleton<BlurSecret>();
        services.AddHostedService<BlurSecretLoading>();
        services.AddSingleton<ShownCars>();
        return area.AddDoor<NearbyLimits>();
    }
}
