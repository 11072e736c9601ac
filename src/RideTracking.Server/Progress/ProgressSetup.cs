using RideTracking.Server.Areas;

namespace RideTracking.Server.Progress;

/// <summary>Wires what is known of cars on their way.</summary>
public static class ProgressSetup
{
    /// <summary>Adds progress, renewed routes and driven paths.</summary>
    public static AreaBuilder AddProgress(this AreaBuilder area)
    {
        area.Services.AddSingleton<TripTracking>();
        area.Services.AddSingleton<DrivenPaths>();
        area.Services.AddHostedService<RouteRenewal>();
        area.Services.AddHostedService(s => s.GetRequiredService<DrivenPaths>());
        return area.AddDoor<DrivenPaths>();
    }
}
