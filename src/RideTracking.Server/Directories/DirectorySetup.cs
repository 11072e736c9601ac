namespace RideTracking.Server.Directories;

/// <summary>Wires the directory.</summary>
public static class DirectorySetup
{
    /// <summary>Adds the directory. After the store.</summary>
    public static WebApplicationBuilder AddDirectory(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CompanyDirectory>();
        builder.Services.AddHostedService<DirectoryLoading>();
        return builder;
    }

    /// <summary>Serves <c>DirectoryService</c>.</summary>
    public static WebApplication MapDirectory(this WebApplication app)
    {
        app.MapGrpcService<DirectoryEndpoint>();
        return app;
    }
}
