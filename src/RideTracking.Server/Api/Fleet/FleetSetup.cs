using Microsoft.Extensions.Options;

namespace RideTracking.Server.Api.Fleet;

/// <summary>Wires what ops see.</summary>
public static class FleetSetup
{
    /// <summary>Adds <c>FleetService</c>.</summary>
    public static WebApplicationBuilder AddFleet(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<FleetOptions>().BindConfiguration(FleetOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<FleetOptions>, FleetOptionsTimes>();
        builder.Services.AddSingleton<FleetTotals>();
        builder.Services.AddSingleton<FleetWatchers>();
        builder.Services.AddSingleton<FleetMetrics>();
        return builder;
    }

    /// <summary>Serves <c>FleetService</c>, and the page where it is built.</summary>
    public static WebApplication MapFleet(this WebApplication app)
    {
        app.MapGrpcService<FleetEndpoint>();
        DashboardFiles.Map(app);
        return app;
    }
}
