using System.Globalization;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Log;

/// <summary>Wires the log of fixes.</summary>
public static class LogSetup
{
    /// <summary>Adds the log. First among the loops: it stops last, when all have appended.</summary>
    public static AreaBuilder AddLog(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<LogOptions>("Log");
        services.AddSingleton<IValidateOptions<LogOptions>, LogOptionsTimes>();
        services.AddSingleton<LogWriter>();
        services.AddSingleton<Carriers>();
        services.AddSingleton<LoggedDrivers>();
        area.Hear<LoggedDrivers>("forgotten", (drivers, change) => drivers.Forget(change.Text(0), ulong.Parse(change.Text(1), CultureInfo.InvariantCulture)));
        services.AddSingleton<LogMetrics>();
        services.AddSingleton<LogMemory>();
        services.AddSingleton<LogAppend>();
        services.AddSingleton<WriteAhead>();
        services.AddSingleton<LogReader>();
        services.AddSingleton(s => new SegmentConnections(s.GetRequiredService<RedisStore>().Format));
        services.AddSingleton<CheckpointStore>();
        services.AddSingleton<LogCheckpoints>();
        services.AddSingleton<ConnectionClaims>();
        services.AddSingleton<DriverLinks>();
        services.AddSingleton<LostLinks>();
        services.AddSingleton<NodeLease>();
        services.AddSingleton<DriverDuty>();
        services.AddKeyedSingleton(FixLog.Pacing, (s, _) => s.GetRequiredService<Loops>().Create("fix_log", TimeProvider.System));
        services.AddSingleton<FixLog>();
        services.AddHostedService(s => s.GetRequiredService<FixLog>());
        services.AddHostedService(s => s.GetRequiredService<NodeLease>());
        services.AddHostedService(s => s.GetRequiredService<LostLinks>());
        services.AddHostedService<FenceWatch>();
        services.AddHostedService(s => s.GetRequiredService<LogCheckpoints>());
        services.AddHostedService<LogRoom>();
        foreach (var kind in new[] { "claimed", "lost", "ended" })
        {
            area.Hear<DriverLinks>(kind, (links, change) => links.Apply(change));
        }

        return area.AddDoor<LogReader>();
    }

    /// <summary>Adds the reading of what any node logs. On the embedded store, too: what the log has is known by reading it.</summary>
    internal static AreaBuilder AddLogFeed(this AreaBuilder area, Action<IServiceProvider, EventEntry> apply, Action<IServiceProvider> beginAgain) =>
        area.AddFeed("log", one => one.Keys.Log, (s, one, loop) => ReaderOf(s, one, loop, apply, beginAgain), onEmbedded: true);

    private static FeedReader ReaderOf(IServiceProvider services, Area area, Loop loop, Action<IServiceProvider, EventEntry> apply, Action<IServiceProvider> beginAgain)
    {
        var reader = new FeedReader(
            new LogFeed(
                services.GetRequiredService<RedisStore>(), area.Keys, services.GetRequiredService<LogReader>(), services.GetRequiredService<CheckpointStore>(),
                services.GetRequiredService<LoggedDrivers>(), services.GetRequiredService<SegmentConnections>()),
            services.GetRequiredService<LogAppend>().Own,
            entry => apply(services, entry),
            why =>
            {
                services.GetRequiredService<StoreGenerations>().Broken($"log ({area.Id})", why);
                beginAgain(services);
            },
            new FeedMetrics(services.GetRequiredService<AreaMeter>(), "log"),
            loop,
            services.GetRequiredService<ILogger<FeedReader>>());
        services.GetRequiredService<LogAppend>().Appended = entry => reader.Hear(entry);
        return reader;
    }
}
