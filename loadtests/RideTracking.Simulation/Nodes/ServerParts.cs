using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using RideTracking.Server;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Telemetry;
using RideTracking.Simulation.Bugs;
using StackExchange.Redis;

namespace RideTracking.Simulation.Nodes;

/// <summary>The server's own services, wired as the server wires them; only clock, store and log are the simulation's.</summary>
internal static class ServerParts
{
    private static readonly Lock Wiring = new();
    private static ServiceDescriptor[]? _wired;

    /// <summary>The services of one run of one node.</summary>
    /// <param name="keys">The area's.</param>
    /// <param name="machine">The clock of its machine.</param>
    /// <param name="openLink">Opens a connection to the store.</param>
    /// <param name="log">Where it logs.</param>
    /// <param name="area">What its area has of the simulation's.</param>
    /// <param name="planted">A mistake in it.</param>
    public static ServiceProvider Build(
        StoreKeys keys, TimeProvider machine, Func<IDatabase> openLink, ILoggerProvider log, Action<IServiceCollection> area, PlantedBug? planted)
    {
        IServiceCollection services = new ServiceCollection();
        foreach (var descriptor in Wired())
        {
            services.Add(descriptor);
        }

        services.AddKeyedSingleton(Clock.MachineClock, machine);
        if (planted is { IgnoresStoreTime: true })
        {
            services.AddSingleton<ReadStoreTime>((_, _) => Task.FromResult<StoreReading?>(null));
        }

        services.Configure<AreaOptions>(options => options.Area = keys.Area);
        // Nobody calls from outside: there are no tokens, and no keys to check them with.
        services.AddSingleton<IConfigurationManager<OpenIdConnectConfiguration>>(new StaticConfigurationManager<OpenIdConnectConfiguration>(new()));
        services.AddSingleton(s => new RedisStore(
            openLink(), openLink(), openLink(), openLink(), s.GetRequiredService<IOptions<StoreOptions>>(), s.GetRequiredService<EmbeddedStore>(),
            s.GetRequiredService<UnreadableRecords>(), s.GetRequiredService<ILogger<RedisStore>>()));
        services.AddSingleton(new AreaChange(area));
        if (planted?.ChangeFeed is { } change)
        {
            services.AddSingleton(new AreaChange(changed => AddFeed(changed, change)));
        }

        services.AddSingleton<ILoggerFactory>(new LoggerFactory([log]));
        return services.BuildServiceProvider();
    }

    // As the server wires it, with the mistake in between.
    private static void AddFeed(IServiceCollection area, Func<IFeedSource, IFeedSource> change) => area.AddKeyedSingleton("dispatch", (s, _) =>
    {
        var (one, store) = (s.GetRequiredService<Area>(), s.GetRequiredService<RedisStore>());
        var loop = one.MachineLoop("dispatch_feed");
        return new FeedReader(
            change(new FeedEntries(store, one.Keys.DispatchFeed)), new OwnCommits(), new FeedListeners(s.GetServices<FeedListener>(), store.Format, loop).Apply,
            why => (why is null ? (Action)store.WasRestored : store.BeginAgain)(),
            new FeedMetrics(s.GetRequiredService<AreaMeter>(), "dispatch"), loop, s.GetRequiredService<ILogger<FeedReader>>());
    });

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
