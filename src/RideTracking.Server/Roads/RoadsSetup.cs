using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Roads;
using RideTracking.Server.Api;

namespace RideTracking.Server.Roads;

/// <summary>Wires the roads.</summary>
public static class RoadsSetup
{
    /// <summary>Adds the roads, their closures and their tiles for the map. After the store.</summary>
    public static WebApplicationBuilder AddRoads(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<RoadOptions>().BindConfiguration(RoadOptions.Section).ValidateDataAnnotations()
            .Validate(o => o.TimeZone.Length == 0 || TimeZoneInfo.TryFindSystemTimeZoneById(o.TimeZone, out _), "Roads:TimeZone must be empty or an IANA name such as Europe/Lisbon.")
            .ValidateOnStart();
        services.AddSingleton<CityRoads>();
        services.AddSingleton<IRouteFinder>(s => s.GetRequiredService<CityRoads>());
        services.AddSingleton<RoadTimes>();
        services.AddSingleton<RoadClosures>();
        services.AddSingleton<LearnedTimes>();
        services.AddSingleton<RoadLoading>();
        services.TryAddSingleton(s =>
        {
            var city = s.GetRequiredService<CityRoads>();
            var isMadeUp = s.GetRequiredService<IOptions<RoadOptions>>().Value.File == RoadOptions.Demo;
            return new RoadTileEndpoint(() => city.Current?.Graph, isMadeUp ? "" : RoadTileEndpoint.OpenStreetMap);
        });
        services.AddHostedService(s => s.GetRequiredService<RoadLoading>());
        services.AddHostedService(s => s.GetRequiredService<RoadClosures>());
        services.AddHostedService(s => s.GetRequiredService<LearnedTimes>());
        return builder;
    }
}
