using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Zones;

/// <summary>Wires the zones.</summary>
public static class ZonesSetup
{
    /// <summary>Adds zones, their events and queues. After the log, which waits for what its fixes cause here.</summary>
    public static AreaBuilder AddZones(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<ZoneOptions>(ZoneOptions.Section);
        services.AddSingleton<IValidateOptions<ZoneOptions>>(new LimitsCheck());
        services.AddSingleton<ZoneMetrics>();
        services.AddSingleton(s => new ZoneTracking(
            s.GetRequiredService<Area>(), s.GetRequiredService<WriteAhead>(), s.GetRequiredService<CityFleet>(), s.GetRequiredService<DriverDuty>(),
            s.GetRequiredService<LogWriter>(), s.GetRequiredService<ZoneMetrics>(), s.GetRequiredService<IOptions<ZoneOptions>>()));
        area.Hear<ZoneTracking>("visits", (tracking, change) => tracking.HearVisits(change));
        area.Hear<ZoneTracking>("zone_event", (tracking, change) => tracking.HearEvent(change));
        area.Hear<EventLog<V1.ZoneEvent>>("zone_event", (events, _) => events.Written());
        area.Hear<ZoneBook>("zone", (book, change) => book.Hear(change));
        area.Hear<ZoneQueues>("queue", (queues, change) => queues.Hear(change));
        services.AddSingleton<ZoneBook>();
        services.AddSingleton<TripAdmission>();
        services.AddSingleton(s =>
        {
            var keys = s.GetRequiredService<StoreKeys>();
            return new EventLog<V1.ZoneEvent>(
                s.GetRequiredService<RedisStore>(), keys.ZoneEvents, keys.ZoneEventsCursor, V1.ZoneEvent.Parser, (e, at) => e.Cursor = $"{at}");
        });
        services.AddSingleton<ZoneEventWriter>();
        services.AddSingleton<ZoneQueues>();
        services.AddHostedService<ZoneLoading>();
        services.AddHostedService(s => s.GetRequiredService<ZoneQueues>());
        services.AddHostedService(s => s.GetRequiredService<ZoneEventWriter>());
        return area.AddDoor<TripAdmission>();
    }

    /// <summary>The engine's own limits, with the names that they have here.</summary>
    private sealed class LimitsCheck : IValidateOptions<ZoneOptions>
    {
        public ValidateOptionsResult Validate(string? name, ZoneOptions options)
        {
            var check = new OptionsCheck(ZoneOptions.Section);
            check.Add(options.Limits.Problems().Select(p => "Limits:" + p));
            check.Add(options.Tracker.Problems().Select(p => "Tracker:" + p));
            check.Add(options.Queue.Problems().Select(p => "Queue:" + p));
            return check.Result;
        }
    }
}
