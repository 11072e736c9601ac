using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Store;

/// <summary>Wires the store.</summary>
public static class StoreSetup
{
    /// <summary>Adds the connections, which all areas share, and the embedded store. It starts first and stops last.</summary>
    public static WebApplicationBuilder AddStore(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<StoreOptions>("Store");
        builder.Services.AddSingleton<IValidateOptions<StoreOptions>, StoreOptionsCheck>();
        builder.Services.AddSingleton(services => new LoopMetrics(services.GetRequiredService<IMeterFactory>().Create(Metering.MeterName)));
        builder.Services.AddSingleton(services => new Loops(
            services.GetRequiredService<LoopMetrics>(), StoreFailure.Passes, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddSingleton<EmbeddedStore>();
        builder.Services.AddSingleton<UnreadableRecords>();
        builder.Services.TryAddSingleton(s => new RecordFormat(most: s.GetRequiredService<IOptions<StoreOptions>>().Value.MaxRecordForm));
        builder.Services.AddSingleton<RedisStore>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RedisStore>());
        builder.Services.AddSingleton<StoreCheck>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StoreCheck>());
        builder.Services.AddSingleton<StoreGenerations>();
        builder.Services.AddSingleton<ServerEnd>();
        builder.Services.AddSingleton<StoreProbe>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StoreProbe>());
        return builder;
    }
}
