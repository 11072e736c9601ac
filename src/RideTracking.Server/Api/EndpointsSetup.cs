using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Roads;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Api;

/// <summary>Wires what is called over gRPC.</summary>
public static class EndpointsSetup
{
    /// <summary>Adds the endpoints: singletons of the process, which hold no piece of a city but ask for its doors.</summary>
    public static WebApplicationBuilder AddEndpoints(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DriverEndpoint>();
        builder.Services.AddSingleton<RiderEndpoint>();
        builder.Services.AddSingleton<DispatchEndpoint>();
        builder.Services.AddSingleton<DirectoryEndpoint>();
        return builder;
    }

    /// <summary>Adds what endpoints ask an area for and no other room has: its streams, and what is shown on them.</summary>
    public static AreaBuilder AddEndpoints(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSingleton<StreamMetrics>();
        services.AddSingleton<FollowerMetrics>();
        services.AddSingleton<WatchStreams>();
        services.AddSingleton<DriverCalls>();
        services.AddSingleton<DriverFinder>();
        services.AddSingleton<TripWatches>();
        services.AddSingleton<TripEventWatch>();
        services.AddSingleton<IncidentWatch>();
        services.AddSingleton<NearbyWatch>();
        services.AddSingleton<ZoneDesk>();
        services.AddSingleton<ZoneEventWatch>();
        services.AddSingleton(s =>
        {
            var city = s.GetRequiredService<CityRoads>();
            var isMadeUp = s.GetRequiredService<IOptions<RoadOptions>>().Value.File == RoadOptions.Demo;
            return new RoadTileServing(() => city.Current?.Graph, isMadeUp ? "" : RoadTileServing.OpenStreetMap);
        });
        return area.AddDoor<WatchStreams>().AddDoor<DriverCalls>().AddDoor<DriverFinder>()
            .AddDoor<TripWatches>().AddDoor<TripEventWatch>().AddDoor<IncidentWatch>().AddDoor<NearbyWatch>()
            .AddDoor<ZoneDesk>().AddDoor<ZoneEventWatch>().AddDoor<RoadTileServing>();
    }

    /// <summary>Serves what drivers, riders, the company's backend and ops call; the fleet has its own.</summary>
    public static WebApplication MapEndpoints(this WebApplication app)
    {
        app.MapGrpcService<DriverEndpoint>();
        app.MapGrpcService<RiderEndpoint>();
        app.MapGrpcService<DispatchEndpoint>();
        app.MapGrpcService<DirectoryEndpoint>();
        return app;
    }
}
