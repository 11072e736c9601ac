using Microsoft.Extensions.Options;
using RideTracking.Engine.Roads;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Roads;

/// <summary>Wires the roads.</summary>
public static class RoadsSetup
{
    /// <summary>Adds the roads, what is learned of them, and their closures.</summary>
    public static AreaBuilder AddRoads(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<DataOptions>("Store");
        services.AddSettings<RoadOptions>(RoadOptions.Section)
            .Validate(o => o.TimeZone.Length == 0 || TimeZoneInfo.TryFindSystemTimeZoneById(o.TimeZone, out _), "Roads:TimeZone must be empty or an IANA name such as Europe/Lisbon.");
        services.AddSingleton<IValidateOptions<RoadOptions>, RoadFileCheck>();
        services.AddSingleton<CityRoads>();
        services.AddSingleton<IRouteFinder>(s => s.GetRequiredService<CityRoads>());
        services.AddSingleton<RoadTimes>();
        services.AddSingleton<RoadClosures>();
        services.AddSingleton<LearnedTimes>();
        services.AddSingleton<RoadLoading>();
        services.AddHostedService(s => s.GetRequiredService<RoadLoading>());
        services.AddHostedService(s => s.GetRequiredService<RoadClosures>());
        services.AddSingleton<RoadHoursClock>();
        services.AddHostedService(s => s.GetRequiredService<RoadHoursClock>());
        services.AddHostedService(s => s.GetRequiredService<LearnedTimes>());
        area.Hear<RoadClosures>("closures", (closures, _) => closures.Hear());
        return area.AddDoor<RoadClosures>();
    }
}
