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
        services.AddSingleton<LastFixes>();
        services.AddSingleton<LogMetrics>();
        services.AddSingleton<LogAppend>();
        services.AddSingleton<WriteAhead>();
        services.AddSingleton<LogReader>();
        services.AddSingleton<ConnectionClaims>();
        services.AddSingleton<DriverLinks>();
        services.AddSingleton<LostLinks>();
        services.AddSingleton<NodeLease>();
        services.AddSingleton<DriverDuty>();
        services.AddSingleton<FixLog>();
        services.AddHostedService(s => s.GetRequiredService<FixLog>());
        services.AddHostedService(s => s.GetRequiredService<NodeLease>());
        services.AddHostedService(s => s.GetRequiredService<LostLinks>());
        services.AddHostedService<FenceWatch>();
        foreach (var kind in new[] { "claimed", "lost", "ended" })
        {
            area.Hear<DriverLinks>(kind, (links, change) => links.Apply(change));
        }

        return area.AddDoor<LogReader>();
    }

    /// <summary>Adds the reading of what any node logs.</summary>
    internal static AreaBuilder AddLogFeed(this AreaBuilder area, Action<IServiceProvider, EventEntry> apply, Action<IServiceProvider> beginAgain) =>
        area.AddFeed("log", one => one.Keys.Log, (s, one, loop) => new FeedReader(
            new LogFeed(s.GetRequiredService<RedisStore>(), one.Keys),
            // What the log has of this node's fixes it learns by appending.
            new OwnCommits(),
            entry => apply(s, entry),
            why =>
            {
                s.GetRequiredService<StoreGenerations>().Broken($"log ({one.Id})", why);
                beginAgain(s);
            },
            new FeedMetrics(s.GetRequiredService<AreaMeter>(), "log"),
            loop,
            s.GetRequiredService<ILogger<FeedReader>>()));
}
