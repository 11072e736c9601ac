using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Api.Fleet;

/// <summary>Wires what ops see.</summary>
public static class FleetSetup
{
    /// <summary>Adds <c>FleetService</c> and the page.</summary>
    public static WebApplicationBuilder AddFleet(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<DashboardOptions>(FleetOptions.Section);
        builder.Services.AddSingleton<FleetEndpoint>();
        return builder;
    }

    /// <summary>Adds what the service shows of an area.</summary>
    public static AreaBuilder AddFleet(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<FleetOptions>(FleetOptions.Section);
        services.AddSingleton<IValidateOptions<FleetOptions>, FleetOptionsTimes>();
        services.AddSingleton<FleetTotals>();
        services.AddSingleton<FleetWatchers>();
        services.AddSingleton<FleetMetrics>();
        services.AddSingleton<FleetWatches>();
        services.AddSingleton<FleetDriverView>();
        return area.AddDoor<FleetWatches>().AddDoor<FleetDriverView>();
    }

    /// <summary>Serves <c>FleetService</c>, and the page where it is built.</summary>
    public static WebApplication MapFleet(this WebApplication app)
    {
        app.MapGrpcService<FleetEndpoint>();
        DashboardFiles.Map(app);
        return app;
    }
}
