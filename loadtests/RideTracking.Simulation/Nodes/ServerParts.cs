using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using RideTracking.Server;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;
using StackExchange.Redis;

namespace RideTracking.Simulation.Nodes;

/// <summary>The server's own services, wired as the server wires them; only clock, store and log are the simulation's.</summary>
internal static class ServerParts
{
    private static readonly Lock Wiring = new();
    private static ServiceDescriptor[]? _wired;

    /// <summary>The services of one run of one node.</summary>
    public static ServiceProvider Build(
        StoreKeys keys, TimeProvider clock, Func<IDatabase> openLink, ILoggerProvider log, Action<TripOptions> trips)
    {
        IServiceCollection services = new ServiceCollection();
        foreach (var descriptor in Wired())
        {
            services.Add(descriptor);
        }

        services.AddKeyedSingleton(Clock.MachineClock, clock);
        services.AddSingleton<ReadStoreTime>((_, _) => Task.FromResult<StoreReading?>(null));
        services.Configure<AreaOptions>(options => options.Area = keys.Area);
        // Nobody calls from outside: there are no tokens, and no keys to check them with.
        services.AddSingleton<IConfigurationManager<OpenIdConnectConfiguration>>(new StaticConfigurationManager<OpenIdConnectConfiguration>(new()));
        services.AddSingleton(s => new RedisStore(
            openLink(), openLink(), openLink(), openLink(), s.GetRequiredService<IOptions<StoreOptions>>(), s.GetRequiredService<EmbeddedStore>(),
            s.GetRequiredService<UnreadableRecords>(), s.GetRequiredService<ILogger<RedisStore>>()));
        services.AddSingleton(new AreaChange(area => area.Configure(trips)));
        services.AddSingleton<ILoggerFactory>(new LoggerFactory([log]));
        return services.BuildServiceProvider();
    }

    // Wiring reads the configuration, which takes longer than a short run: once is enough.
    private static ServiceDescriptor[] Wired()
    {
        lock (Wiring)
        {
            if (_wired is null)
            {
                var builder = ServerCommands.CreateBuilder(["--environment", "Development"]);
                RideTrackingServer.AddFeatures(builder);
                _wired = [.. builder.Services];
            }

            return _wired;
        }
    }
}
