using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Incidents;

/// <summary>Wires the incidents; drivers, riders and ops reach them by the services they use anyway.</summary>
public static class IncidentsSetup
{
    /// <summary>Adds incidents. After the trips.</summary>
    public static AreaBuilder AddIncidents(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<IncidentOptions>(IncidentOptions.Section);
        services.AddSingleton(s =>
        {
            var keys = s.GetRequiredService<StoreKeys>();
            return new EventLog<V1.Incident>(
                s.GetRequiredService<RedisStore>(), keys.IncidentEvents, keys.IncidentEventsCursor, V1.Incident.Parser, (i, at) => i.Version = at.Number);
        });
        services.AddSingleton<IncidentMetrics>();
        services.AddSingleton<IncidentStore>();
        services.AddSingleton<IncidentDesk>();
        area.Hear<EventLog<V1.Incident>>("incident", (events, _) => events.Written());
        return area.AddDoor<IncidentDesk>();
    }
}
