using System.Diagnostics.Metrics;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Directories;

/// <summary>Wires the directory.</summary>
public static class DirectorySetup
{
    private const string Feed = "company";

    /// <summary>Adds the company's directory, which all areas share, and the reading of its feed. After the store.</summary>
    public static WebApplicationBuilder AddDirectory(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<CompanyDirectory>();
        services.AddKeyedSingleton(Feed, (s, _) => new AreaMeter(s.GetRequiredService<IMeterFactory>(), s.GetRequiredService<ObservedInstruments>(), Feed));
        services.AddFeed(Feed, _ => CompanyKeys.Feed.Head, Loop, Reader);
        services.AddHostedService<DirectoryLoading>();
        return builder;
    }

    /// <summary>Adds what the area's searches know of the directory.</summary>
    public static AreaBuilder AddDirectory(this AreaBuilder area)
    {
        area.Share<CompanyDirectory>();
        area.Services.AddSingleton<FleetTraits>();
        area.Services.AddHostedService(s => s.GetRequiredService<FleetTraits>());
        area.Hear<FleetTraits>("claimed", (traits, change) => traits.Hear(change));
        return area;
    }

    private static FeedReader Reader(IServiceProvider services, Loop loop)
    {
        var (store, directory) = (services.GetRequiredService<RedisStore>(), services.GetRequiredService<CompanyDirectory>());
        FeedListener[] listeners =
        [
            new("driver", change => directory.Drivers.Apply(change)),
            new("vehicle", change => directory.Vehicles.Apply(change)),
        ];
        return new FeedReader(
            new FeedEntries(store, CompanyKeys.Feed), directory.Feed.Own, new FeedListeners(listeners, store.Format, loop).Apply,
            why => services.GetRequiredService<StoreGenerations>().BeginAgain(Feed, why),
            new FeedMetrics(services.GetRequiredKeyedService<AreaMeter>(Feed), Feed), loop, services.GetRequiredService<ILogger<FeedReader>>());
    }

    private static Loop Loop(IServiceProvider services, string name) =>
        services.GetRequiredService<Loops>().Create(name, services.GetRequiredKeyedService<TimeProvider>(Clock.MachineClock));
}
