using RideTracking.Server.Api;
using RideTracking.Server.Nearby;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Riders;

/// <summary>Wires what riders call.</summary>
public static class RidersSetup
{
    /// <summary>Adds the riders' view of trips. After the dispatch.</summary>
    public static WebApplicationBuilder AddRiders(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RideDesk>();
        builder.Services.AddSingleton<TripView>();
        builder.Services.AddSingleton<TripEstimate>();
        builder.Services.AddOptions<NearbyOptions>().BindConfiguration("Nearby").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<NearbyMetrics>();
        builder.Services.AddSingleton<NearbyLimits>();
        builder.Services.AddSingleton(BlurSecret.New());
        builder.Services.AddSingleton<ShownCars>();
        builder.Services.AddSingleton<NearbyWatch>();
        return builder;
    }

    /// <summary>Serves <c>RiderService</c>.</summary>
    public static WebApplication MapRiders(this WebApplication app)
    {
        app.MapGrpcService<RiderEndpoint>();
        return app;
    }
}
