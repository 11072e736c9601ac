using RideTracking.Server.Areas;

namespace RideTracking.Server.Nearby;

/// <summary>Wires the free cars that riders see.</summary>
public static class NearbySetup
{
    /// <summary>Adds the cars as they are shown, and how many may look.</summary>
    public static AreaBuilder AddNearby(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddOptions<NearbyOptions>().BindConfiguration("Nearby").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<NearbyMetrics>();
        services.AddSingleton<NearbyLimits>();
        services.AddSingleton(BlurSecret.New());
        services.AddSingleton<ShownCars>();
        return area.AddDoor<NearbyLimits>();
    }
}
