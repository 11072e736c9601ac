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
        services.AddKeyedSingleton(Feed, (s, _) => Reader(s));
        services.AddSingleton<IHostedService>(s => new FeedHearing(
            s.GetRequiredService<RedisStore>(), CompanyKeys.Feed.Head, s.GetRequiredKeyedService<FeedReader>(Feed), Loop(s, "company_feed_head")));
        services.AddSingleton<IHostedService>(s => new FeedIntake(s.GetRequiredKeyedService<FeedReader>(Feed)));
        services.AddHostedService<DirectoryLoading>();
        return builder;
    }

    /// <summary>Adds what the area's searches know of the directory.</summary>
    public static AreaBuilder AddDirectory(this AreaBuilder area)
    {
        area.Share<CompanyDirectory>();
        area.Services.AddSingleton<FleetTraits>();
        area.Services.AddHostedService(s => s.GetRequiredService<FleetTraits>());
        return area;
    }

    private static FeedReader Reader(IServiceProvider services)
    {
        var (store, directory, loop) = (services.GetRequiredService<RedisStore>(), services.GetRequiredService<CompanyDirectory>(), Loop(services, "company_feed"));
        FeedListener[] listeners =
        [
            new("driver", directory.Drivers.Apply),
            new("vehicle", directory.Vehicles.Apply),
            new("rider", directory.Riders.Apply),
        ];
        return new FeedReader(
            new FeedEntries(store, CompanyKeys.Feed), directory.Feed.Own, new FeedListeners(listeners, loop).Apply, store.BeginAgain,
            new FeedMetrics(services.GetRequiredKeyedService<AreaMeter>(Feed), Feed), loop, services.GetRequiredService<ILogger<FeedReader>>());
    }

    private static Loop Loop(IServiceProvider services, string name) =>
        services.GetRequiredService<Loops>().Create(name, services.GetRequiredKeyedService<TimeProvider>(Clock.MachineClock));
}
