namespace RideTracking.Server.Sharing;

/// <summary>Wires the sharing of trips.</summary>
public static class SharingSetup
{
    /// <summary>Adds links to trips. After the dispatch.</summary>
    public static WebApplicationBuilder AddSharing(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<SharingOptions>().BindConfiguration("Sharing").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<SharingMetrics>();
        builder.Services.AddSingleton<ShareLinks>();
        builder.Services.AddSingleton<ShareWatches>();
        builder.Services.AddSingleton<SharedTrips>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ShareWatches>());
        return builder;
    }
}
