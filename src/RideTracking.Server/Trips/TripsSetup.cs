using Microsoft.Extensions.Options;
using RideTracking.Engine.Roads;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Trips;

/// <summary>Wires the trips.</summary>
public static class TripsSetup
{
    /// <summary>Adds trips, their plans, deadlines and events.</summary>
    public static AreaBuilder AddTrips(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<TripOptions>("Trips");
        services.AddSingleton<IValidateOptions<TripOptions>, TripOptionsValidator>();
        services.AddSettings<BusyPlacesOptions>("Reporting")
            .Validate(o => o.BusyFor >= TimeSpan.Zero && o.BusyFor <= TimeSpan.FromDays(1), "Reporting:BusyFor must be 0 to 1.00:00:00.");
        services.AddSingleton(s => new StraightLineRouter(s.GetRequiredService<IOptions<TripOptions>>().Value.CitySpeedMetersPerSecond));
        services.AddSingleton(s => s.GetRequiredService<IOptions<TripOptions>>().Value.ToRules(s.GetRequiredService<IRouteFinder>()));
        services.AddSingleton<BusyPlaces>();
        services.AddSingleton<TripStore>();
        services.AddSingleton(s =>
        {
            var keys = s.GetRequiredService<StoreKeys>();
            return new EventLog<V1.LoggedTripEvent>(
                s.GetRequiredService<RedisStore>(), keys.TripEvents, keys.TripEventsCursor, V1.LoggedTripEvent.Parser, (e, at) => e.Cursor = $"{at}");
        });
        services.AddSingleton<TripBook>();
        services.AddSingleton<CommandWire>();
        services.AddSingleton<DispatchMetrics>();
        services.AddSingleton<Dispatcher>();
        services.AddSingleton<DriverMessages>();
        services.AddSingleton<TripView>();
        services.AddSingleton<TripList>();
        services.AddHostedService<TripPresent>();
        services.AddHostedService<Deadlines>();
        services.AddHostedService<TripRetention>();
        area.Hear<Dispatcher>("commit", (dispatcher, change) => dispatcher.Hear(
            change.Parts[0].IsEmpty ? null : TripRecords.ReadTrip(change.Parts[0]), [.. change.Parts.Skip(1).Select(p => TripRecords.ReadPlan(p)!)]));
        area.Hear<EventLog<V1.LoggedTripEvent>>("commit", (events, _) => events.Written());
        return area.AddDoor<Dispatcher>().AddDoor<DriverMessages>().AddDoor<TripView>().AddDoor<TripList>();
    }
}
