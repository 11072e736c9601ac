using RideTracking.Engine.Index;
using RideTracking.Server.Api;

namespace RideTracking.Server.Directories;

/// <summary>Wires the directory.</summary>
public static class DirectorySetup
{
    /// <summary>Adds the directory. After the store.</summary>
    public static WebApplicationBuilder AddDirectory(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CompanyDirectory>();
        builder.Services.AddSingleton<VehicleTypes>();
        builder.Services.AddSingleton<AttributeBits>();
        builder.Services.AddSingleton<FleetTraits>();
        builder.Services.AddHostedService<DirectoryLoading>();
        builder.Services.AddHostedService(services => services.GetRequiredService<FleetTraits>());
        return builder;
    }

    /// <summary>Serves <c>DirectoryService</c>.</summary>
    public static WebApplication MapDirectory(this WebApplication app)
    {
        app.MapGrpcService<DirectoryEndpoint>();
        return app;
    }
}
