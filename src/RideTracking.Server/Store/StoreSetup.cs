using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;

namespace RideTracking.Server.Store;

/// <summary>Wires the store.</summary>
public static class StoreSetup
{
    /// <summary>Adds the store and the area's log. First among the features: it starts first and stops last.</summary>
    public static WebApplicationBuilder AddStore(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<StoreOptions>().BindConfiguration("Store").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<EmbeddedStore>();
        builder.Services.AddSingleton<RedisStore>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RedisStore>());
        builder.Services.AddSingleton(services => new StoreKeys(services.GetRequiredService<IOptions<StoreOptions>>().Value.Area));
        builder.Services.AddOptions<LogOptions>().BindConfiguration("Log").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<LogOptions>, LogOptionsTimes>();
        builder.Services.AddSingleton(LogWriterId.New());
        builder.Services.AddSingleton<LogMetrics>();
        builder.Services.AddSingleton<LogAppend>();
        builder.Services.AddSingleton<WriteAhead>();
        builder.Services.AddSingleton<LogReader>();
        builder.Services.AddSingleton<ConnectionClaims>();
        builder.Services.AddSingleton<FixLog>();
        builder.Services.AddHostedService(services => services.GetRequiredService<FixLog>());
        return builder;
    }
}
